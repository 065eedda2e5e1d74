"""The saved page with an image in hand: picked, drawn, opened from a file, resampled; numbers against NumPy."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from saved_page import ROUNDING, Page, decoded, nats

from vaelab import data, reference
from vaelab.explorer.program.run import run

pytestmark = pytest.mark.browser


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


def test_the_exact_posterior_of_the_picked_image_is_computed_in_the_page(browser, saved_pages, images):
    """Image 83 is one that the encoder puts far away; the gap of image 0 is a fraction of a nat."""
    mine = Page(browser, saved_pages / "mine.html")
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
