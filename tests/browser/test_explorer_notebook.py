"""The explorer in notebooks: JupyterLab, Notebook 7, Voila; with its kernel, without it, and where a program is missing."""

import re
import socket
import subprocess
import sys
import time

import canvas
import keras
import nbformat
import numpy as np
import pytest
from keras import layers
from nbconvert import HTMLExporter
from playwright.sync_api import TimeoutError as PageTimeout
from playwright.sync_api import expect

from vaelab import data, reference
from vaelab.explorer.program.run import run

pytestmark = pytest.mark.browser

SETUP = """
import vaelab, keras, numpy as np, tensorflow as tf
from keras import layers
from vaelab import data, reference
from vaelab.explorer import LatentExplorer

images = data.load()
encoder, decoder = reference.load_mlp()
"""
FULL = """
explorer = LatentExplorer(decoder, encoder, images.x_test, images.y_test, train_images=images.x_train)
explorer
"""
# One layer that no program knows: the kernel decodes.
UNKNOWN = """
class Loud(layers.Layer):
    def call(self, x):
        return tf.math.asinh(tf.math.sinh(x))

unknown = keras.Sequential([keras.Input((2,)), decoder, Loud(name="loud")])
LatentExplorer(unknown)
"""
# A decoder of six dimensions and large colour images, which takes longer than a frame.
LARGE = """
seed = keras.initializers.GlorotUniform(seed=3)
large = keras.Sequential([
    keras.Input((6,)), layers.Dense(8 * 8 * 128, "relu", kernel_initializer=seed), layers.Reshape((8, 8, 128)),
    layers.Conv2DTranspose(128, 5, strides=2, padding="same", activation="relu", kernel_initializer=seed),
    layers.Conv2DTranspose(128, 5, strides=2, padding="same", activation="relu", kernel_initializer=seed),
    layers.Conv2DTranspose(3, 5, strides=2, padding="same", activation="sigmoid", kernel_initializer=seed),
])
LatentExplorer(large)
"""
BARE = "LatentExplorer(decoder)"
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
        self.page, self.number = page, number
        self.root = page.locator(".vl-explorer").nth(number)
        self.stage = self.root.locator(".vl-decoded")
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)

    def slider(self, dimension):
        return self.root.get_by_role("slider", name=f"z{dimension}, latent units")

    @property
    def z(self):
        return np.array([float(part) for part in self.stage.get_attribute("data-z").split()])

    def settled(self):
        """Wait until the image is that of the point; the point."""
        expect(self.stage).to_have_attribute("data-shown", "exact")
        return self.z

    def pixels(self):
        """What the canvas of the decoded image shows: (height, width, 3)."""
        return canvas.pixels(self.root.locator(".vl-screen").first)

    def steps(self, dimension, key, times):
        self.slider(dimension).focus()
        for _ in range(times):
            self.page.keyboard.press(key)
        return self.settled()


@pytest.fixture(scope="module")
def opened(lab, browser):
    """A notebook with three explorers, run; and as it was saved."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    write(lab, "explorers.ipynb", SETUP, FULL, UNKNOWN, LARGE)
    lab.open(page, "explorers.ipynb")
    saved = lab.run_all(page)
    for number in range(3):
        Explorer(page, number).root.scroll_into_view_if_needed()
        Explorer(page, number).settled()
    yield page, saved, problems
    assert problems == []
    context.close()


@pytest.fixture(scope="module")
def mlp():
    _, decoder = reference.programs("mlp")
    return lambda z: 255 * np.broadcast_to(run(decoder, [z])[0].reshape(28, 28, 1), (28, 28, 3))


def value(lab_page, code):
    """What the notebook's kernel says of an expression."""
    return lab_page.evaluate(
        """async (code) => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({ code: "", user_expressions: { found: code }, store_history: false });
            return (await future.done).content.user_expressions.found.data["text/plain"];
        }""",
        code,
    )


def test_every_step_is_decoded_in_the_page_and_the_kernel_hears_where_the_point_rests(opened, mlp):
    explorer = Explorer(opened[0], 0)
    explorer.root.scroll_into_view_if_needed()
    start = explorer.settled()
    explorer.slider(1).focus()
    for number in range(1, 4):
        explorer.page.keyboard.press("ArrowLeft")
        assert np.abs(explorer.pixels() - mlp(explorer.z)).max() <= ROUNDING, "at once, not when the point rests"
    assert explorer.z[0] == pytest.approx(start[0] - number * STEP, abs=STEP / 2 + 1e-9)
    explorer.page.wait_for_timeout(500)
    assert eval(value(explorer.page, "explorer.z.tolist()")) == pytest.approx(explorer.z.tolist())
    assert explorer.slider(1).evaluate("handle => handle === document.activeElement"), "the arrow keys stay its own"


def test_no_key_pressed_in_the_explorer_is_a_command_of_the_notebook(opened):
    page = opened[0]
    explorer = Explorer(page, 0)
    cells = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")
    for slider, key in ((1, "d"), (1, "d"), (1, "ArrowDown"), (2, "b"), (2, "ArrowUp")):
        explorer.slider(slider).focus()
        page.keyboard.press(key)
        assert explorer.slider(slider).evaluate("handle => handle === document.activeElement"), key
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == cells


def test_the_kernel_can_move_the_point(opened, mlp):
    explorer = Explorer(opened[0], 0)
    value(explorer.page, "setattr(explorer, 'z', [0.5, -0.25])")
    expect(explorer.stage).to_have_attribute("data-z", "0.5 -0.25")
    assert np.abs(explorer.pixels() - mlp([0.5, -0.25])).max() <= ROUNDING


def test_the_kernel_finds_the_nearest_of_all_training_images(opened, mlp):
    explorer = Explorer(opened[0], 0)
    value(explorer.page, "setattr(explorer, 'z', [-1.0, 0.5])")
    expect(explorer.stage).to_have_attribute("data-z", "-1 0.5")
    train = data.load().x_train.reshape(-1, 784)
    distances = np.square(train - mlp([-1.0, 0.5])[..., 0].ravel() / 255).sum(axis=1)
    expect(explorer.root.locator(".vl-near canvas").first).to_have_attribute(
        "aria-label", f"Training image {distances.argmin()}"
    )


def test_a_decoder_with_an_unknown_layer_is_decoded_by_the_kernel_and_the_page_says_why(opened, mlp):
    unknown = Explorer(opened[0], 1)
    unknown.root.scroll_into_view_if_needed()
    z = unknown.steps(2, "PageDown", 3)
    assert z == pytest.approx([0, -15 * STEP])
    assert np.abs(unknown.pixels() - mlp(z)).max() <= ROUNDING
    status = unknown.root.locator(".vl-status")
    expect(status).to_contain_text("Loud (loud)")
    expect(status).to_contain_text("from the kernel")


def test_a_large_decoder_runs_beside_the_page_and_drops_frames_instead_of_freezing_it(opened):
    seed = keras.initializers.GlorotUniform(seed=3)
    up = {"padding": "same", "kernel_initializer": seed}
    same = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8 * 8 * 128, "relu", kernel_initializer=seed),
            layers.Reshape((8, 8, 128)),
            layers.Conv2DTranspose(128, 5, strides=2, activation="relu", **up),
            layers.Conv2DTranspose(128, 5, strides=2, activation="relu", **up),
            layers.Conv2DTranspose(3, 5, strides=2, activation="sigmoid", **up),
        ]
    )
    large = Explorer(opened[0], 2)
    large.root.scroll_into_view_if_needed()
    expect(large.stage).to_have_attribute("data-mode", "worker")
    # Sixty steps in one go: the page stays free, and what is shown in the end is the last of them.
    took = large.root.evaluate(
        """async (root) => {
            const took = [];
            for (let k = 1; k <= 60; k++) {
                const start = performance.now();
                root.store.set({ z: [0, 0, 0, 0, k * 0.05, 0] });
                took.push(performance.now() - start);
                await new Promise((resolve) => setTimeout(resolve));
            }
            return took;
        }"""
    )
    alone = large.root.evaluate("root => root.networks.decoders[0].milliseconds")
    # The median: a busy machine may stop any one of them for longer than the decoder takes.
    assert np.median(took) < alone / 2, "a step does not wait for the decoder"
    z = large.settled()
    assert z.tolist() == [0, 0, 0, 0, 3, 0]
    expected = 255 * np.asarray(same(np.float32([z])))[0]
    assert np.abs(large.pixels() - expected).max() <= ROUNDING


def test_with_its_kernel_killed_it_still_moves_draws_and_says_what_is_missing(opened, mlp):
    explorer = Explorer(opened[0], 0)
    page = explorer.page
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    explorer.root.scroll_into_view_if_needed()
    z = explorer.steps(1, "PageUp", 4)
    assert np.abs(explorer.pixels() - mlp(z)).max() <= ROUNDING
    explorer.root.get_by_role("button", name="Clear", exact=True).click()
    expect(explorer.root.locator(".vl-card").first).to_contain_text("changed by hand")
    expect(explorer.root.locator(".vl-near")).to_contain_text("The kernel does not answer")
    assert opened[2] == []


# Elsewhere ------------------------------------------------------------------------------


def test_the_saved_notebook_is_small_and_readable_without_javascript_or_kernel(opened, browser, tmp_path):
    saved = opened[1]
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
    expect(page.get_by_text("A still picture: run the notebook to move through it.").first).to_be_visible()
    context.close()


def run_all(page):
    """Run all cells of a page of Notebook 7, which offers the command before it is able to carry it out."""
    begun = page.locator(".jp-InputArea-prompt").filter(has_text=re.compile(r"\[[*\d]+\]")).first
    asks = page.locator("dialog[aria-modal=true]")
    for last in (False, False, True):
        assert asks.count() == 0, f"Jupyter asks: {asks.first.inner_text()}"
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
    z = explorer.steps(1, "PageUp", 1)
    assert z == pytest.approx([5 * STEP, 0])
    assert np.abs(explorer.pixels() - mlp(z)).max() <= ROUNDING


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
        z = explorer.steps(1, "PageUp", 1)
        assert z == pytest.approx([5 * STEP, 0])
        assert np.abs(explorer.pixels() - mlp(z)).max() <= ROUNDING
    finally:
        server.terminate()
        server.wait(timeout=30)
