"""The explorer used as a person uses it: keys, mouse, play; and what it shows, to the pixel."""

import re
import socket
import subprocess
import sys
import time

import keras
import nbformat
import numpy as np
import pytest
from keras import layers
from nbconvert import HTMLExporter
from playwright.sync_api import TimeoutError as PageTimeout
from playwright.sync_api import expect
from scipy.stats import norm

from vaelab import data, metrics, reference
from vaelab.explorer.decoding import Grid, PixelDecoder

pytestmark = pytest.mark.browser

SETUP = """
import vaelab, keras
from keras import layers
from vaelab import data, metrics, reference
from vaelab.explorer import LatentExplorer

images = data.load()
encoder, decoder = reference.load_mlp()
z_mean, z_log_var = metrics.encode(encoder, images.x_test.reshape(-1, 784))
mirrored = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda z: z[:, ::-1]), decoder])
"""
FULL = """
LatentExplorer(
    {"MLP": decoder, "mirrored": mirrored}, images=images.x_test, labels=images.y_test, train_images=images.x_train,
    posterior={"MLP": (z_mean, z_log_var), "mirrored": (z_mean[:, ::-1], z_log_var[:, ::-1])},
)
"""
BARE = "LatentExplorer(decoder)"
SIX = """
seed = keras.initializers.GlorotUniform(seed=3)
six = keras.Sequential([
    keras.Input((6,)), layers.Dense(32, "tanh", kernel_initializer=seed), layers.Dense(20 * 30 * 3, "sigmoid", kernel_initializer=seed),
    layers.Reshape((20, 30, 3)),
])
LatentExplorer(six)
"""
PATIENCE_MS = 120_000  # with a kernel that has to start TensorFlow on a busy machine
STEP = 0.02  # of a slider in latent units
ROUNDING = 0.5 + 1e-3  # of a pixel of 0 to 255


def write(lab, name, *sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(notebook, lab.folder / name)


class Explorer:
    """One explorer on a page."""

    def __init__(self, page, number=0):
        self.page = page
        self.root = page.locator(".vl-explorer").nth(number)
        self.stage = self.root.locator(".vl-stage")
        self.number = number
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)

    def slider(self, name):
        return self.root.get_by_role("slider", name=re.compile(f"^{name},")).and_(self.page.locator(":visible"))

    def readout(self, name):
        return float(
            self.root.get_by_role("textbox", name=re.compile(f"^{name},"))
            .and_(self.page.locator(":visible"))
            .inner_text()
            .replace("−", "-")
        )

    @property
    def z(self):
        return np.array([float(part) for part in self.stage.get_attribute("data-z").split()])

    def settled(self):
        """Wait for the exact image; return z."""
        expect(self.stage).to_have_attribute("data-shown", "exact")
        return self.z

    def at(self, z):
        """Wait until z is where it should be, to a slider's step, and the image exact; return z."""
        self.page.wait_for_function(
            """([number, z]) => {
                const { z: at, shown } = document.querySelectorAll(".vl-explorer")[number].querySelector(".vl-stage").dataset;
                return shown === "exact" && at.split(" ").every((v, k) => Math.abs(v - z[k]) <= 0.011);
            }""",
            arg=[self.number, [float(v) for v in z]],
        )
        return self.z

    def pixels(self, screen=0):
        """What a canvas of the decoded images shows: (height, width, 3)."""
        return picture(self.root.locator(".vl-screen").nth(screen))

    def map(self, layer=0):
        return picture(self.root.locator(".vl-plot canvas").nth(layer))

    def choose(self, label, option):
        self.root.get_by_label(label, exact=True).select_option(label=option)

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def drag(self, start, end):
        """Drag on the map between two points in latent units."""
        box = self.root.locator(".vl-plot").bounding_box()

        def where(z):  # the plot's frame within its 400 pixels; the map reaches to 3.5
            return box["x"] + 34 + (z[0] / 7 + 0.5) * 358, box["y"] + 8 + (0.5 - z[1] / 7) * 362

        self.page.mouse.move(*where(start))
        self.page.mouse.down()
        self.page.mouse.move(*where(end), steps=8)
        self.page.mouse.up()


def picture(canvas):
    height, width, values = canvas.evaluate(
        "c => [c.height, c.width, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"
    )
    return np.array(values, float).reshape(height, width, 4)[..., :3]


@pytest.fixture(scope="module")
def opened(lab, browser):
    """A notebook with three explorers, run; and as it was saved."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    write(lab, "explorers.ipynb", SETUP, FULL, BARE, SIX)
    lab.open(page, "explorers.ipynb")
    saved = lab.run_all(page)
    for number in range(3):
        Explorer(page, number).root.scroll_into_view_if_needed()
        Explorer(page, number).settled()
    page.wait_for_function(
        "() => document.querySelectorAll('.vl-stage[data-grid=fine]').length === 2", timeout=PATIENCE_MS
    )
    yield page, saved
    assert problems == []
    context.close()


@pytest.fixture
def full(opened):
    """The explorer with everything, in latent units, on the MLP's map."""
    explorer = Explorer(opened[0], 0)
    explorer.root.scroll_into_view_if_needed()
    explorer.press("latent units")
    expect(explorer.slider("z1")).to_have_accessible_name("z1, latent units")
    explorer.press("MLP")
    expect(explorer.stage).to_have_attribute("data-active", "0")
    return explorer


@pytest.fixture(scope="module")
def mlp():
    return PixelDecoder(reference.load_mlp()[1])


@pytest.fixture(scope="module")
def z_mean():
    encoder, _ = reference.load_mlp()
    return metrics.encode(encoder, data.load().x_test.reshape(-1, 784))[0]


def exact(decoder, z):
    return 255 * np.broadcast_to(decoder.images([z])[0], (*decoder.shape[:2], 3))


# The point and the image ----------------------------------------------------------------


def test_arrow_keys_move_the_slider_by_a_step_and_the_image_is_the_decoders(full, mlp):
    full.drag([1, 1], [1.0, -1.0])
    start, before = full.settled(), full.pixels()
    full.slider("z1").focus()
    for _ in range(10):
        full.page.keyboard.press("ArrowLeft")
    end = full.at(start - [10 * STEP, 0])
    assert full.readout("z1") == pytest.approx(end[0], abs=0.011)
    full.slider("z2").focus()
    full.page.keyboard.press("ArrowUp")
    end = full.at(end + [0, STEP])
    assert np.abs(full.pixels() - before).max() > 10
    assert np.abs(full.pixels() - exact(mlp, end)).max() <= ROUNDING
    assert np.abs(full.pixels(1) - exact(mlp, end[::-1])).max() <= ROUNDING, "the decoder beside it, on the same z"
    expect(full.root.locator(".vl-status")).to_contain_text("Exact")
    assert full.slider("z2").evaluate("handle => handle === document.activeElement"), (
        "the notebook leaves the arrow keys alone"
    )


def test_at_once_the_image_is_the_blended_one_and_says_so(full, mlp):
    grid = Grid.of(mlp, 3.5)
    full.drag([0, 0], [0.5, 0.7])
    full.settled()
    full.slider("z1").focus()
    # What is on the screen in the task after the key's own, long before the kernel could answer.
    full.page.evaluate(
        """() => {
            const root = document.querySelectorAll(".vl-explorer")[0], stage = root.querySelector(".vl-stage");
            const canvas = root.querySelector(".vl-screen");
            window.seen = [];
            root.addEventListener("keydown", () => setTimeout(() => window.seen.push({
                z: stage.dataset.z.split(" ").map(Number), shown: stage.dataset.shown,
                said: root.querySelector(".vl-status").textContent,
                pixels: [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data].filter((_, k) => k % 4 === 0),
            })), { capture: true });
        }"""
    )
    for _ in range(5):
        full.page.keyboard.press("PageUp")
    full.settled()
    seen = full.page.evaluate("() => window.seen")
    assert len(seen) == 5
    for moment in seen:
        z, pixels = moment["z"], np.array(moment["pixels"], float).reshape(28, 28, 1)
        assert moment["shown"] == "blended" and "Blended" in moment["said"]
        assert np.abs(pixels - grid.blend([z])[0]).max() <= ROUNDING
        assert np.abs(pixels / 255 - mlp.images([z])[0]).max() <= grid.error + ROUNDING / 255
        assert int(re.search(r"no pixel more than (\d+) %", moment["said"]).group(1)) == np.ceil(100 * grid.error)


def test_dragging_on_the_map_moves_sliders_point_and_image(full, mlp):
    full.drag([0, 0], [-1.6, 0.6])
    full.settled()
    before, point = full.pixels(), full.map(layer=1)
    full.drag([-1.6, 0.6], [1.2, 0.9])
    z = full.at([1.2, 0.9])
    assert (full.readout("z1"), full.readout("z2")) == pytest.approx(z, abs=0.016)
    assert np.abs(full.pixels() - before).max() > 50
    assert np.abs(full.pixels() - exact(mlp, z)).max() <= ROUNDING
    assert np.abs(full.map(layer=1) - point).max() > 50


def test_arrow_keys_move_the_point_on_the_map_too(full):
    full.drag([0, 0], [0, 0.5])
    start = full.settled()
    full.root.locator(".vl-plot").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        full.page.keyboard.press(key)
    assert full.at(start + [7 * STEP, -STEP]) == pytest.approx(start + [7 * STEP, -STEP], abs=1e-9)


def test_prior_quantiles_step_through_the_prior(full):
    full.drag([0, 0], [0.4, -0.3])
    start = full.settled()
    full.press("prior quantiles")
    expect(full.slider("z1")).to_have_accessible_name("z1, quantile of the prior")
    assert full.readout("z1") == pytest.approx(norm.cdf(start[0]), abs=0.0011)
    full.slider("z1").focus()
    u = full.readout("z1")
    for _ in range(4):
        full.page.keyboard.press("ArrowRight")
    full.at([norm.ppf(u + 4 * 0.002), start[1]])
    assert full.z[0] == pytest.approx(norm.ppf(u + 4 * 0.002), abs=1e-5)
    full.press("latent units")
    expect(full.slider("z1")).to_have_accessible_name("z1, latent units")
    assert full.readout("z1") == pytest.approx(full.z[0], abs=0.011)


# Images ---------------------------------------------------------------------------------


def test_a_double_click_on_the_map_picks_the_image_there(full, z_mean):
    target = [float(v) for v in z_mean[42]]
    box = full.root.locator(".vl-plot").bounding_box()
    full.page.mouse.dblclick(box["x"] + 34 + (target[0] / 7 + 0.5) * 358, box["y"] + 8 + (0.5 - target[1] / 7) * 362)
    number = full.root.get_by_label("Image", exact=True)
    expect(number).not_to_have_value("0")
    picked = int(number.input_value())
    assert np.abs(z_mean[picked] - target).max() < 0.05
    full.at(z_mean[picked])
    expect(full.root.get_by_text(f"Test image {picked}")).to_be_visible()


def test_an_image_is_picked_by_number_and_by_class(full, z_mean):
    images = data.load()
    number = full.root.get_by_label("Image", exact=True)
    number.fill("123")
    number.press("Enter")
    full.at(z_mean[123])
    about = full.root.locator(".vl-card").first
    expect(about).to_contain_text(f"Test image 123: {data.CLASS_NAMES[images.y_test[123]]}")
    expect(about).to_contain_text("nats")
    full.choose("Class", "Bag")
    expect(about).to_contain_text(": Bag")
    first = number.input_value()
    full.press("Another one")
    expect(number).not_to_have_value(first)
    expect(about).to_contain_text(": Bag")
    full.at(z_mean[int(number.input_value())])
    full.choose("Class", "any class")


def test_play_walks_from_the_first_image_to_the_second(full, z_mean):
    number = full.root.get_by_label("Image", exact=True)
    for index, button in ((10, "From this image"), (20, "To this image")):
        number.fill(str(index))
        number.press("Enter")
        expect(full.root.get_by_text(f"Test image {index}:")).to_be_visible()
        full.press(button)
    expect(full.root.get_by_alt_text("Start: test image 10")).to_be_visible()
    fade = full.root.get_by_alt_text("Mixture of the two images")
    before = fade.get_attribute("src")
    play = full.root.get_by_role("button", name="Play", exact=True)
    play.focus()
    full.page.keyboard.press("Enter")
    full.page.wait_for_function(
        "z => document.querySelector('.vl-stage').dataset.z.split(' ').every((v, k) => Math.abs(v - z[k]) < 0.3)",
        arg=[float(v) for v in (z_mean[10] + z_mean[20]) / 2],
    )
    expect(full.root.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    full.at(z_mean[20])
    expect(full.root.get_by_alt_text("Decoded 100% of the way")).to_be_visible()
    assert fade.get_attribute("src") != before
    assert fade.get_attribute("src") == full.root.get_by_alt_text("End: test image 20").get_attribute("src")


def test_switching_the_decoder_switches_map_and_description(full):
    before = full.map()
    full.press("mirrored")
    expect(full.stage).to_have_attribute("data-active", "1")
    expect(full.root.locator(".vl-card").first).to_contain_text("encoded for mirrored")
    full.page.wait_for_timeout(300)
    assert (np.abs(full.map() - before).max(axis=-1) > 50).mean() > 0.02


def test_the_legend_hides_a_class(full):
    before = full.map()
    full.press("Trouser")
    button = full.root.get_by_role("button", name="Trouser", exact=True)
    expect(button).to_have_attribute("aria-pressed", "false")
    hidden = full.map()
    assert 0.001 < (np.abs(hidden - before).max(axis=-1) > 30).mean() < 0.2
    button.click()
    assert np.array_equal(full.map(), before)


# Other decoders -------------------------------------------------------------------------


def test_a_decoder_alone_has_its_images_for_a_map(opened, mlp):
    bare = Explorer(opened[0], 1)
    bare.root.scroll_into_view_if_needed()
    assert bare.map().std() > 50, "decoded images, black and white, instead of an empty map"
    bare.slider("z2").focus()
    bare.page.keyboard.press("PageDown")
    z = bare.at([0, -5 * STEP])
    assert np.abs(bare.pixels() - exact(mlp, z)).max() <= ROUNDING


def test_beyond_two_dimensions_the_kernel_decodes_every_step(opened):
    seed = keras.initializers.GlorotUniform(seed=3)
    same = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(32, "tanh", kernel_initializer=seed),
            layers.Dense(20 * 30 * 3, "sigmoid", kernel_initializer=seed),
            layers.Reshape((20, 30, 3)),
        ]
    )
    six = Explorer(opened[0], 2)
    six.root.scroll_into_view_if_needed()
    six.slider("z5").focus()
    for _ in range(20):
        six.page.keyboard.press("PageUp")
    z = six.at([0, 0, 0, 0, 2.0, 0])
    assert np.abs(six.pixels() - exact(PixelDecoder(same), z)).max() <= ROUNDING


# For everybody --------------------------------------------------------------------------

INTERACTIVE = {"button", "slider", "combobox", "spinbutton", "textbox", "application", "checkbox", "radio", "switch"}


@pytest.mark.parametrize("number", range(3))
def test_every_control_has_a_name_for_screen_readers(opened, number):
    page, _ = opened
    session = page.context.new_cdp_session(page)
    root = session.send("Runtime.evaluate", {"expression": f"document.querySelectorAll('.vl-explorer')[{number}]"})
    nodes = session.send("Accessibility.queryAXTree", {"objectId": root["result"]["objectId"]})["nodes"]
    controls = [node for node in nodes if not node["ignored"] and node["role"]["value"] in INTERACTIVE]
    assert len(controls) >= 6
    assert [node["role"]["value"] for node in controls if not node["name"]["value"].strip()] == []
    pictures = [node for node in nodes if not node["ignored"] and node["role"]["value"] in ("image", "img")]
    assert pictures and all(node["name"]["value"] for node in pictures)


def test_the_tab_key_reaches_every_control(full):
    full.slider("z1").focus()
    reached = set()
    for _ in range(60):
        inside = full.page.evaluate(
            """() => {
                const at = document.activeElement;
                return at.closest(".vl-explorer") && (at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent);
            }"""
        )
        if not inside:
            break
        reached.add(inside.split(" at z1")[0].split(";")[0].strip())
        full.page.keyboard.press("Tab")
    wanted = {
        "z1, latent units", "z2, latent units", "latent units", "prior quantiles", "MLP", "mirrored", "Map of the latent space",
        "Trouser", "Class", "Image", "Another one", "Go to its z_mean", "From this image", "To this image",
        "Play", "Stop", "Place along the path",
    }  # fmt: skip
    assert wanted <= reached


LAYOUT = """number => {
    const root = document.querySelectorAll(".vl-explorer")[number];
    const frame = root.getBoundingClientRect();
    const name = e => `${e.tagName.toLowerCase()}.${e.className} ${e.getAttribute("aria-label") || e.alt || e.textContent}`.slice(0, 70);
    const parts = [...root.querySelectorAll(
        "button, input, select, .widget-label, .noUi-target, .widget-readout, .vl-plot, .vl-screen, img, .vl-status, .vl-position, figcaption, th, td, p"
    )].filter(e => e.getClientRects().length);
    const boxes = parts.map(e => e.getBoundingClientRect());
    const wrong = [];
    parts.forEach((a, i) => {
        const p = boxes[i];
        if (p.left < frame.left - 1 || p.right > frame.right + 1 || p.bottom > frame.bottom + 1) wrong.push(`outside: ${name(a)}`);
        if (a.matches("button, p, figcaption, .vl-status, .widget-label") && a.scrollWidth > a.clientWidth + 1) wrong.push(`cut off: ${name(a)}`);
        parts.slice(i + 1).forEach((b, j) => {
            const q = boxes[i + 1 + j];
            const [dx, dy] = [Math.min(p.right, q.right) - Math.max(p.left, q.left), Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)];
            if (dx > 2 && dy > 2 && !a.contains(b) && !b.contains(a)) wrong.push(`overlap: ${name(a)} / ${name(b)}`);
        });
    });
    return wrong;
}"""


@pytest.mark.parametrize("size", [(1280, 800), (640, 400)], ids=["1280x800", "at 200% zoom"])
def test_nothing_overlaps_or_is_cut_off(opened, size):
    page, _ = opened
    page.set_viewport_size({"width": size[0], "height": size[1]})
    try:
        page.wait_for_timeout(300)
        for number in range(3):
            Explorer(page, number).root.scroll_into_view_if_needed()
            assert page.evaluate(LAYOUT, number) == []
    finally:
        page.set_viewport_size({"width": 1280, "height": 800})


# Elsewhere ------------------------------------------------------------------------------


def test_the_saved_notebook_is_small_and_readable_without_javascript_or_kernel(opened, browser, tmp_path):
    _, saved = opened
    assert len(nbformat.writes(saved)) < 1_000_000
    page_as_html, _ = HTMLExporter().from_notebook_node(saved)
    (tmp_path / "page.html").write_text(page_as_html, encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
    figures = page.get_by_alt_text("equally spaced quantiles of the prior")
    expect(figures).to_have_count(3)
    for figure in figures.all():
        expect(figure).to_be_visible()
    context.close()


def run_all(page):
    """Run all cells of a page of Notebook 7, which offers the command before it is able to carry it out."""
    begun = page.locator(".jp-InputArea-prompt").filter(has_text=re.compile(r"\[[*\d]+\]")).first
    for last in (False, False, True):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            return begun.wait_for(timeout=PATIENCE_MS / 4)
        except PageTimeout:
            if last:
                raise


def test_notebook_7_shows_it(lab, page, mlp):
    write(lab, "classic.ipynb", SETUP, BARE)
    page.goto(f"{lab.url}/notebooks/classic.ipynb?token={lab.token}")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=PATIENCE_MS)
    run_all(page)
    explorer = Explorer(page)
    explorer.stage.wait_for(state="attached", timeout=PATIENCE_MS)
    expect(explorer.stage).to_have_attribute("data-grid", "fine", timeout=PATIENCE_MS)
    explorer.slider("z1").focus()
    page.keyboard.press("PageUp")
    z = explorer.at([5 * STEP, 0])
    assert np.abs(explorer.pixels() - exact(mlp, z)).max() <= ROUNDING


def test_voila_serves_it_as_a_page(lab, page, mlp):
    write(lab, "page.ipynb", SETUP, BARE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "voila", str(lab.folder / "page.ipynb"), "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        page.goto(f"http://127.0.0.1:{port}/", timeout=PATIENCE_MS)
        explorer = Explorer(page)
        explorer.stage.wait_for(state="attached", timeout=PATIENCE_MS)
        expect(explorer.stage).to_have_attribute("data-grid", "fine", timeout=PATIENCE_MS)
        explorer.slider("z1").focus()
        page.keyboard.press("PageUp")
        z = explorer.at([5 * STEP, 0])
        assert np.abs(explorer.pixels() - exact(mlp, z)).max() <= ROUNDING
    finally:
        server.terminate()
        server.wait(timeout=30)
