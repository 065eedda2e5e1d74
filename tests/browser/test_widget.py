"""The widget in a bare page, its messages carried to the kernel's side by hand: no server, no TensorFlow."""

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

from vaelab import data, reference
from vaelab.explorer import LatentExplorer
from vaelab.explorer.program.run import run

pytestmark = pytest.mark.browser

# What anywidget gives a view: a model with traits and messages.
MODEL = """
const listeners = {};
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
window.model = {
    traits: { _z: START },
    get: (name) => model.traits[name],
    set: (name, value) => (model.traits[name] = value),
    on: (name, listener) => (listeners[name] ??= []).push(listener),
    off: () => {},
    save_changes: () => window.saved(model.traits._z),
    async send(message, _callbacks, buffers = []) {
        await window.busy;
        const answer = await window.answer(message, buffers.map(text));
        if (answer) listeners["msg:custom"].forEach((listener) => listener(answer[0], answer[1].map(bytes)));
    },
    change(name, value) {
        model.traits[name] = value;
        (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
    },
};
const abort = new AbortController();
widget.render({ model, el: document.getElementById("here"), signal: abort.signal });
"""


@pytest.fixture
def shown(browser):
    """Shows an explorer in a page; the page, and what was saved as z. ``page.silent`` ends the answers."""
    pages = []

    def show(explorer, busy=False):
        page, saved, state = browser.new_page(), [], {"silent": False}
        if busy:
            page.clock.install()
        pages.append(page)

        def answer(message, buffers):
            if state["silent"]:
                return None
            sent = []
            explorer.send = lambda reply, parts=(): sent.append([reply, [base64.b64encode(p).decode() for p in parts]])
            explorer._answer(explorer, message, [base64.b64decode(part) for part in buffers])
            del explorer.send
            return sent[0] if sent else None

        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.expose_function("answer", answer)
        page.expose_function("saved", lambda z: saved.append(z))
        page.set_content("<div id='here'></div>")
        if busy:
            page.evaluate("() => { window.busy = new Promise((resolve) => (window.free = resolve)); }")
        source = explorer._esm.replace("export default widget;", MODEL.replace("START", str(explorer.z.tolist())))
        page.add_script_tag(type="module", content=source)
        page.add_style_tag(content=explorer._css)
        if not busy:
            page.wait_for_selector(".vl-explorer")
        return page, saved, state, problems

    yield show
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def images():
    return data.load()


def test_the_page_and_the_kernel_share_the_point_and_the_neighbours(shown, images):
    encoder, decoder = reference.programs("mlp")
    explorer = LatentExplorer(decoder, encoder, images.x_test[:200], images.y_test[:200], train_images=images.x_train)
    page, saved, _, problems = shown(explorer)
    stage = page.locator(".vl-decoded")
    assert [float(v) for v in stage.get_attribute("data-z").split()] == pytest.approx(explorer.z.tolist())
    page.evaluate("() => model.change('_z', [0.5, -0.25])")
    expect(stage).to_have_attribute("data-z", "0.5 -0.25")
    train = images.x_train.reshape(-1, 784)
    nearest = np.square(train - run(decoder, [[0.5, -0.25]])[0]).sum(axis=1).argmin()
    expect(page.locator(".vl-near canvas").first).to_have_attribute("aria-label", f"Training image {nearest}")
    page.get_by_role("slider", name="z2, latent units").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(300)
    assert saved[-1] == pytest.approx([0.5, -0.23], abs=0.011)
    assert problems == []


class Recorder:
    """A model of one's own kind: a decoder that the kernel alone can run."""

    input_shape, name = (None, 2), "recorder"

    def __init__(self, program):
        self.program, self.points = program, []

    def __call__(self, z, training=False):
        self.points.append(np.asarray(z))
        return run(self.program, z)[0]


def test_without_a_program_the_kernel_decodes_every_step_and_the_page_says_why(shown, monkeypatch):
    from vaelab.explorer import networks
    from vaelab.explorer.program import NotExportable

    def refuse(*_):
        raise NotExportable("Loud (loud) is not made of what a program knows.")

    monkeypatch.setattr(networks, "export", refuse)
    _, decoder = reference.programs("mlp")
    recorder = Recorder(decoder)
    page, _, state, problems = shown(LatentExplorer(recorder))
    status = page.locator(".vl-status")
    expect(status).to_have_text(
        "Loud (loud) is not made of what a program knows. Exact: the decoder’s own output, from the kernel"
    )
    page.get_by_role("slider", name="z1, latent units").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".vl-decoded")).to_have_attribute("data-shown", "exact")
    z = [float(v) for v in page.locator(".vl-decoded").get_attribute("data-z").split()]
    assert z == pytest.approx([0.1, 0]) and recorder.points[-1] == pytest.approx(np.array([z]), abs=1e-6)
    pixels = page.locator(".vl-screen").evaluate("c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]")
    assert np.abs(np.array(pixels).reshape(784, 4)[:, 0] - 255 * run(decoder, [z])[0].ravel()).max() <= 0.5 + 1e-3
    state["silent"] = True
    page.keyboard.press("ArrowRight")
    expect(page.locator(".vl-decoded")).to_have_attribute("data-shown", "waiting")
    assert problems == []


def test_a_kernel_that_is_busy_with_another_cell_is_waited_for(shown):
    _, decoder = reference.programs("mlp")
    page, _, _, problems = shown(LatentExplorer(decoder), busy=True)
    expect(page.get_by_role("status")).to_have_text("Waiting for the kernel …")
    page.clock.fast_forward(16_000)
    expect(page.get_by_role("status")).to_contain_text("No kernel is answering")
    page.evaluate("() => window.free()")
    expect(page.locator(".vl-explorer")).to_be_visible()
    assert problems == []


def test_codes_without_images_are_a_map_and_no_more(shown):
    _, decoder = reference.programs("mlp")
    codes = np.random.default_rng(0).normal(size=(2, 50, 2))
    page, _, _, problems = shown(LatentExplorer(decoder, posterior=tuple(codes)))
    page.locator(".vl-plot").dblclick()
    expect(page.locator(".vl-card")).to_have_count(0)
    assert problems == []
