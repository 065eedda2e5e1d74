"""The saved page, opened from a file with the network off, used as a person uses it; numbers against NumPy."""

import json
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from scipy.special import ndtr, ndtri

from vaelab import data, metrics, reference
from vaelab.explorer import LatentExplorer
from vaelab.explorer.program.run import run
from vaelab.explorer.saved import LIMIT

pytestmark = pytest.mark.browser

STEP = 0.02  # of a slider in latent units
ROUNDING = 0.5 + 1e-3  # of a pixel of 0 to 255
FRAME = {"left": 34, "top": 8, "width": 358, "height": 362}  # of the map, in its 400 pixels
REACH = 3.5  # of the map of the reference models


@pytest.fixture(scope="module")
def mlp():
    return reference.programs("mlp")


@pytest.fixture(scope="module")
def images():
    return data.load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, mlp, images):
    """Three saved pages: with everything, with two decoders, with a decoder alone."""
    place = tmp_path_factory.mktemp("saved")
    encoder, decoder = mlp
    codes = reference.load_conv_posteriors()
    common = {"images": images.x_test, "labels": images.y_test, "train_images": images.x_train}
    LatentExplorer(decoder, encoder, **common).save(place / "mine.html")
    conv = {"conv": (codes["z_mean_test"], codes["z_log_var_test"])}
    both = {"MLP": decoder, "conv": reference.programs("conv")[1]}
    LatentExplorer(both, {"MLP": encoder}, posterior=conv, **common).save(place / "two.html")
    LatentExplorer(decoder).save(place / "bare.html")
    return place


class Page:
    """A saved page in Chromium, offline."""

    def __init__(self, browser, path, address="", size=(1100, 900), dark=False):
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light", offline=True
        )
        self.page = self.context.new_page()
        self.problems, self.requests = [], []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri() + address)
        self.page.wait_for_selector(".vl-explorer")

    @property
    def z(self):
        return np.array([float(part) for part in self.page.locator(".vl-decoded").get_attribute("data-z").split()])

    def pixels(self, selector=".vl-screen", nth=0):
        height, width, values = (
            self.page.locator(selector)
            .nth(nth)
            .evaluate("c => [c.height, c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]")
        )
        return np.array(values, float).reshape(height, width, 4)[..., 0]

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def slider(self, name):
        return self.page.get_by_role("slider", name=name)

    def card(self, title):
        return self.page.locator(".vl-card", has=self.page.get_by_role("heading", name=title))

    def number(self, card, pattern):
        return float(re.search(pattern, self.card(card).inner_text().replace("−", "-")).group(1))

    def on_map(self, z):
        box = self.page.locator(".vl-plot").bounding_box()
        share = [(float(v) / REACH + 1) / 2 for v in z]
        return (
            box["x"] + FRAME["left"] + share[0] * FRAME["width"],
            box["y"] + FRAME["top"] + (1 - share[1]) * FRAME["height"],
        )

    def draw(self, *places):
        """A stroke through places of the drawing, in shares of its width and height."""
        drawing = self.page.locator(".vl-drawing")
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        for k, (u, v) in enumerate(places):
            self.page.mouse.move(box["x"] + u * box["width"], box["y"] + v * box["height"], steps=5)
            if k == 0:
                self.page.mouse.down()
        self.page.mouse.up()

    def close(self):
        assert self.problems == []
        self.context.close()


@pytest.fixture
def opened(browser, folder):
    """Opens a saved page; afterwards it has had no error."""
    pages = []

    def open_page(name="mine", **settings):
        pages.append(Page(browser, folder / f"{name}.html", **settings))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


def decoded(program, z):
    return 255 * run(program, [z])[0].reshape(28, 28)


def nats(program, x, z):
    return float(metrics.bernoulli_nll(x.reshape(1, -1), run(program, [z])[0].clip(0, 1))[0])


# Moving ---------------------------------------------------------------------------------


def test_every_step_of_a_slider_shows_the_decoders_own_image_at_once(opened, mlp):
    page = opened(address="#z=0.5,-0.5")
    page.slider("z1, latent units").focus()
    for number in range(1, 6):
        page.page.keyboard.press("ArrowLeft")
        assert page.z == pytest.approx([0.5 - number * STEP, -0.5])
        assert np.abs(page.pixels() - decoded(mlp[1], page.z)).max() <= ROUNDING
    expect(page.page.locator(".vl-status")).to_contain_text("Exact: the decoder runs in this page")
    expect(page.page.locator(".vl-screen")).to_have_accessible_name(re.compile(r"z1 = 0\.40, z2 = −0\.50"))


def test_a_value_can_be_typed_and_is_kept_within_the_map(opened):
    page = opened()
    readout = page.page.get_by_role("spinbutton", name="z2, type a value")
    readout.fill("-1.234")
    readout.press("Enter")
    assert page.z[1] == pytest.approx(-1.234)
    readout.fill("99")
    readout.press("Enter")
    assert page.z[1] == pytest.approx(REACH)
    readout.fill("")
    readout.press("Enter")
    assert page.z[1] == pytest.approx(REACH), "nothing typed, nothing moved"


def test_dragging_and_arrow_keys_on_the_map_move_the_point(opened, mlp):
    page = opened()
    page.page.mouse.move(*page.on_map([0, 0]))
    page.page.mouse.down()
    page.page.mouse.move(*page.on_map([1.2, 0.9]), steps=4)
    page.page.mouse.up()
    assert page.z == pytest.approx([1.2, 0.9], abs=0.011)
    start = page.z
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        page.page.keyboard.press(key)
    assert page.z == pytest.approx(start + [6 * STEP, -STEP])
    assert np.abs(page.pixels() - decoded(mlp[1], page.z)).max() <= ROUNDING


def test_prior_quantiles_step_through_the_prior(opened):
    page = opened(address="#z=0.4,-0.3")
    page.press("prior quantiles")
    page.slider("z1, quantile of the prior").focus()
    before = page.z[0]
    for _ in range(4):
        page.page.keyboard.press("ArrowRight")
    assert page.z[0] == pytest.approx(ndtri(round(ndtr(before) / 0.002) * 0.002 + 4 * 0.002), abs=0.003)
    page.press("latent units")
    assert float(page.page.get_by_role("spinbutton", name="z1").input_value()) == pytest.approx(page.z[0], abs=0.006)


def test_a_decoder_alone_has_its_images_for_a_map(opened):
    page = opened("bare")
    page.page.wait_for_timeout(500)
    assert page.pixels(".vl-plot canvas").std() > 50, "decoded images, black and white, instead of an empty map"
    assert page.page.locator(".vl-card").count() == 0


def test_two_decoders_on_the_same_z(opened, mlp):
    page = opened("two", address="#z=-0.8,0.7")
    _, conv = reference.programs("conv")
    for nth, program in enumerate((mlp[1], conv)):
        assert np.abs(page.pixels(nth=nth) - decoded(program, [-0.8, 0.7])).max() <= ROUNDING
    before = page.pixels(".vl-plot canvas")
    page.press("conv")
    assert (np.abs(page.pixels(".vl-plot canvas") - before) > 50).mean() > 0.02
    expect(page.card("An image")).to_contain_text("encoded for conv")


def test_the_legend_hides_a_class(opened):
    page = opened()
    before = page.pixels(".vl-plot canvas")
    trouser = page.page.get_by_role("button", name="Trouser", exact=True)
    trouser.click()
    expect(trouser).to_have_attribute("aria-pressed", "false")
    assert 0.001 < (np.abs(page.pixels(".vl-plot canvas") - before) > 30).mean() < 0.2
    trouser.click()
    assert np.array_equal(page.pixels(".vl-plot canvas"), before)


# Images ---------------------------------------------------------------------------------


def posterior(mlp, x):
    z_mean, z_log_var = run(mlp[0], x.reshape(1, -1))
    return z_mean[0], z_log_var[0]


def check_numbers(page, mlp, x):
    """What the card says of an image, against NumPy."""
    z_mean, z_log_var = posterior(mlp, x)
    kl = 0.5 * (z_mean.astype(float) ** 2 + np.exp(z_log_var.astype(float)) - z_log_var - 1).sum()
    reconstruction = nats(mlp[1], x, z_mean)
    assert page.number("An image", r"KL, all dimensions: ([\d.]+)") == pytest.approx(kl, abs=0.006)
    assert page.number("An image", r"from z_mean: ([\d.]+)") == pytest.approx(reconstruction, abs=0.06)
    assert page.number("An image", r"Together: ([\d.]+)") == pytest.approx(reconstruction + kl, abs=0.06)
    assert np.abs(page.pixels(".vl-about .vl-pixels", 1) - decoded(mlp[1], z_mean)).max() <= ROUNDING


def test_an_image_is_picked_by_number_by_class_and_on_the_map(opened, mlp, images):
    page = opened()
    number = page.page.get_by_label("Image", exact=True)
    number.fill("123")
    number.press("Enter")
    z_mean, _ = posterior(mlp, images.x_test[123])
    assert page.z == pytest.approx(z_mean, abs=1e-5)
    expect(page.card("An image")).to_contain_text(f"Test image 123: {data.CLASS_NAMES[images.y_test[123]]}")
    check_numbers(page, mlp, images.x_test[123])
    page.page.get_by_label("Class", exact=True).select_option(label="Bag")
    expect(page.card("An image")).to_contain_text(": Bag")
    page.press("Another one")
    expect(page.card("An image")).to_contain_text(": Bag")
    target, _ = posterior(mlp, images.x_test[42])
    page.page.mouse.dblclick(*page.on_map(target))
    picked = int(number.input_value())
    found, _ = posterior(mlp, images.x_test[picked])
    assert np.abs(found - target).max() < 0.05 and page.z == pytest.approx(found, abs=1e-5)


def test_a_drawn_image_has_the_encoders_numbers(opened, mlp):
    page = opened()
    page.press("Clear")
    page.draw((0.3, 0.2), (0.35, 0.9), (0.6, 0.9))
    drawn = page.pixels(".vl-drawing") / 255
    assert 20 < (drawn > 0.5).sum() < 200
    expect(page.card("An image")).to_contain_text("changed by hand")
    z_mean, _ = posterior(mlp, drawn.astype("float32"))
    # The canvas shows 8 bits of what the page computes with.
    assert page.z == pytest.approx(z_mean, abs=0.02)
    values = np.array(page.page.evaluate("() => [...document.querySelector('.vl-explorer').store.get('image').values]"))
    assert np.abs(values.reshape(28, 28) - drawn).max() <= 0.51 / 255
    check_numbers(page, mlp, values.astype("float32"))
    page.press("eraser")
    page.draw((0.1, 0.9), (0.9, 0.9))
    assert (page.pixels(".vl-drawing") > 127).sum() < (drawn > 0.5).sum()


def test_drawing_needs_no_pointer(opened, mlp):
    page = opened()
    page.press("Clear")
    page.page.locator(".vl-drawing").focus()
    page.page.keyboard.press(" ")
    dot = (page.pixels(".vl-drawing") > 127).sum()
    assert dot >= 1
    for _ in range(6):
        page.page.keyboard.press("Shift+ArrowUp")
    assert (page.pixels(".vl-drawing") > 127).sum() > dot + 5
    values = page.page.evaluate("() => [...document.querySelector('.vl-explorer').store.get('image').values]")
    check_numbers(page, mlp, np.array(values, "float32"))


HAND_OVER = """(drawing, [bytes, way]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], "square.png", { type: "image/png" }));
    drawing.dispatchEvent(
        way === "drop"
            ? new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }),
    );
}"""


@pytest.mark.parametrize("way", ["open", "drop", "paste"])
def test_a_picture_file_becomes_the_image(opened, mlp, tmp_path, way):
    from PIL import Image

    page = opened()
    picture = np.zeros((56, 56, 3), np.uint8)
    picture[14:42, 14:42] = (255, 255, 255)
    file = tmp_path / "square.png"
    Image.fromarray(picture).save(file)
    if way == "open":
        page.page.locator("input[type=file]").set_input_files(file)
    else:
        page.page.locator(".vl-drawing").evaluate(HAND_OVER, [list(file.read_bytes()), way])
    expect(page.card("An image")).to_contain_text("changed by hand")
    shown = page.pixels(".vl-drawing")
    assert shown[14, 14] > 250 and shown[:6].max() < 5
    values = page.page.evaluate("() => [...document.querySelector('.vl-explorer').store.get('image').values]")
    check_numbers(page, mlp, np.array(values, "float32"))


def test_a_file_that_is_no_picture_is_named_and_changes_nothing(opened):
    page = opened(address="#image=7")
    before = page.pixels(".vl-drawing")
    page.page.locator(".vl-drawing").evaluate(HAND_OVER, [[1, 2, 3], "drop"])
    said = page.card("An image").get_by_text("square.png is not a picture that this browser can open.")
    expect(said).to_be_visible()
    assert (page.pixels(".vl-drawing") == before).all()
    page.press("Clear")
    expect(said).to_have_count(0)


def test_resampling_moves_z_as_the_formula_says_and_both_terms_of_the_loss(opened, mlp, images):
    page = opened(address="#image=7")
    z_mean, z_log_var = posterior(mlp, images.x_test[7])
    noise, costs = [], []
    for _ in range(12):
        page.press("Resample ε")
        z = page.z
        noise.append((z - z_mean) / np.exp(z_log_var / 2))
        costs.append(page.number("A draw", r"Reconstruction at this z: ([\d.]+)"))
        assert costs[-1] == pytest.approx(nats(mlp[1], images.x_test[7], z), abs=0.06)
        shown = re.search(r"ε ~ N\(0, I\)\s+(\S+)\s+(\S+)", page.card("A draw").inner_text().replace("−", "-"))
        assert [float(part) for part in shown.groups()] == pytest.approx(noise[-1], abs=0.006)
    assert 0.3 < np.std(noise) < 2 and len(set(costs)) > 3
    kl = page.number("A draw", r"KL: ([\d.]+)")
    assert page.number("A draw", r"Mean -ELBO of 12 draws: ([\d.]+)") == pytest.approx(np.mean(costs) + kl, abs=0.1)
    page.press("ε = 0")
    assert page.z == pytest.approx(z_mean, abs=1e-5)


def test_play_walks_in_a_straight_line_from_the_first_image_to_the_second(opened, mlp, images):
    page = opened(address="#image=10")
    page.press("From this image")
    number = page.page.get_by_label("Image", exact=True)
    number.fill("20")
    number.press("Enter")
    page.press("To this image")
    fade = page.page.get_by_role("img", name=re.compile("^Mixture of the two images"))
    page.press("Play")
    expect(page.page.get_by_role("img", name=re.compile("^Decoded 100% of the way"))).to_be_visible(timeout=30_000)
    expect(page.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    end, _ = posterior(mlp, images.x_test[20])
    start, _ = posterior(mlp, images.x_test[10])
    assert page.z == pytest.approx(end, abs=1e-5)
    slider = page.slider("Place along the path")
    slider.fill("20")
    assert page.z == pytest.approx((start + end) / 2, abs=1e-5)
    expect(fade).to_have_accessible_name(re.compile("50%"))


def test_the_nearest_of_the_training_images_that_it_carries_are_shown(opened, mlp, images):
    page = opened(address="#z=-1.5,0.3")
    note = page.page.locator(".vl-near .vl-note")
    expect(note).to_contain_text("that this page carries")
    carried = int(re.search(r"of the (\d+) that", note.inner_text()).group(1))
    assert carried > 100
    page.page.wait_for_timeout(200)
    shown = [
        int(re.search(r"\d+", name).group())
        for name in page.page.locator(".vl-near canvas").evaluate_all(
            "all => all.map(c => c.getAttribute('aria-label'))"
        )
    ]
    there = images.x_train[:carried].reshape(carried, -1)
    distances = np.square(there - decoded(mlp[1], [-1.5, 0.3]).ravel() / 255).sum(axis=1)
    assert shown == distances.argsort()[:6].tolist()


# The file -------------------------------------------------------------------------------


def test_a_place_is_sent_by_its_address(opened):
    page = opened("two", address="#z=0.25,-0.75&image=3&decoder=1&unit=quantile")
    assert page.z.tolist() == [0.25, -0.75]
    expect(page.card("An image")).to_contain_text("Test image 3")
    expect(page.page.get_by_role("button", name="conv", exact=True)).to_have_attribute("aria-pressed", "true")
    page.slider("z2, quantile of the prior").focus()
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(400)
    address = page.page.evaluate("() => location.hash")
    again = opened("two", address=address)
    assert again.z == pytest.approx(page.z, abs=6e-4)
    assert "image=3" in address and "decoder=1" in address and "unit=quantile" in address
    page.page.evaluate("() => (location.hash = '#z=1,1&image=5')")
    expect(page.card("An image")).to_contain_text("Test image 5")
    assert page.z.tolist() == [1, 1]


@pytest.mark.parametrize("address", ["#z=1", "#z=a,b", "#z=1e999,0&image=-4&decoder=7&unit=x", "#image=99999", "#%00"])
def test_an_address_that_says_nothing_is_passed_over(opened, address):
    page = opened(address=address)
    assert np.isfinite(page.z).all() and len(page.z) == 2


def test_it_is_small_asks_for_nothing_and_is_still_without_javascript(opened, folder, browser):
    for name in ("mine", "two", "bare"):
        path = folder / f"{name}.html"
        assert path.stat().st_size <= LIMIT
        page = opened(name)
        page.page.wait_for_timeout(300)
        assert [url for url in page.requests if not url.startswith(("file:", "data:", "blob:"))] == []
        context = browser.new_context(java_script_enabled=False)
        still = context.new_page()
        still.goto(path.as_uri())
        expect(still.get_by_alt_text("equally spaced quantiles of the prior")).to_be_visible()
        expect(still.get_by_text("A still picture")).to_be_visible()
        context.close()


def test_a_title_with_markup_closes_nothing(tmp_path, mlp, browser):
    from vaelab.explorer.saved import page as html_of

    names = {"</script><script>window.harm = 1</script>": mlp[1]}
    (tmp_path / "odd.html").write_text(html_of(LatentExplorer(names), title="<b>&"), encoding="utf-8")
    page = Page(browser, tmp_path / "odd.html")
    assert page.page.title() == "<b>&" and page.page.evaluate("() => window.harm") is None
    page.close()


@pytest.mark.parametrize("size", [(1100, 900), (640, 450), (400, 800)], ids=["1100", "200 %", "400 px"])
def test_nothing_is_cut_off(opened, size):
    for name in ("mine", "two"):
        page = opened(name, size=size)
        assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        outside = page.page.evaluate(
            """() => [...document.querySelectorAll(".vl-explorer :is(button, input, select, canvas, p, td, th, figcaption, .vl-box)")]
            .filter(e => e.getClientRects().length && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert outside == []


@pytest.mark.parametrize("name", ["mine", "two", "bare"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(browser, folder, name, dark):
    context = browser.new_context(color_scheme="dark" if dark else "light", bypass_csp=True)  # to put axe into the page
    page = context.new_page()
    page.goto((folder / f"{name}.html").as_uri())
    page.wait_for_selector(".vl-explorer")
    found = Axe().run(page)
    assert [(one["impact"], one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    context.close()


INTERACTIVE = {"button", "slider", "combobox", "spinbutton", "textbox", "application", "checkbox", "radio", "switch"}


def test_every_control_and_picture_has_a_name_and_the_tab_key_reaches_the_controls(opened):
    page = opened("two")
    session = page.context.new_cdp_session(page.page)
    root = session.send("Runtime.evaluate", {"expression": "document.querySelector('.vl-explorer')"})
    nodes = session.send("Accessibility.queryAXTree", {"objectId": root["result"]["objectId"]})["nodes"]
    nodes = [node for node in nodes if not node["ignored"]]
    controls = [node for node in nodes if node["role"]["value"] in INTERACTIVE]
    assert len(controls) > 20
    assert [json.dumps(node["role"]) for node in controls if not node["name"]["value"].strip()] == []
    pictures = [node for node in nodes if node["role"]["value"] in ("image", "img")]
    assert pictures and all(node["name"]["value"] for node in pictures)
    page.page.locator("body").focus()
    reached = set()
    for _ in range(60):
        page.page.keyboard.press("Tab")
        reached.add(
            page.page.evaluate(
                "() => { const at = document.activeElement; return at.ariaLabel || at.labels?.[0]?.textContent || at.textContent; }"
            )
            .split(" of the latent")[0]
            .split(" at z1")[0]
        )
    wanted = {"z1, latent units", "prior quantiles", "conv", "Map", "Trouser", "Another one", "Resample ε", "Play"}
    assert wanted <= reached


def test_the_exact_posterior_of_the_picked_image_is_computed_in_the_page(browser, folder, images):
    """Image 83 is one that the encoder puts far away; the gap of image 0 is a fraction of a nat."""
    mine = Page(browser, folder / "mine.html")
    page = mine.page
    button = page.get_by_role("button", name="Show the exact posterior")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    recorded = reference.load_evidence()
    for number in (0, 83):
        page.get_by_label("Image", exact=True).fill(str(number))
        page.get_by_label("Image", exact=True).press("Enter")
        card = page.locator(".vl-card", has_text="The exact posterior")
        expect(card).to_contain_text(f"Test image {number}:", timeout=60_000)
        expect(card).to_contain_text("hidden in the gap", timeout=60_000)
        nats = [float(n) for n in re.findall(r"([\d.]+) nats", card.inner_text())]
        log_p, elbo = recorded["mlp_log_p"][number], recorded["mlp_elbo"][number]
        assert nats == pytest.approx([-log_p, -elbo, log_p - elbo], abs=0.5)
        exact = "document.querySelector('.vl-explorer').store.get('exact')"
        found = page.evaluate(f"() => [{exact}.logP, {exact}.cells.reduce((s, c) => s + c.density * c.side ** 2, 0)]")
        assert found == pytest.approx([log_p, 1], abs=0.03)
    button.click()
    expect(card).not_to_contain_text("hidden in the gap")
    assert mine.problems == []
