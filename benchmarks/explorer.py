"""How long from a key press to changed pixels? The explorer beside two usual ways to write it.

    python benchmarks/explorer.py [--rounds 3] [--presses 100] [--output benchmarks/explorer.json]

Starts a real JupyterLab and headless Chromium, and presses arrow keys on four sliders in
turn, round after round, in one run on one machine:

- ``MLP``, ``conv``, ``16-D``: the explorer with its decoder's program in the page;
- ``kernel``: the explorer where a layer has no program, every image decoded by Keras in the kernel;
- ``interactive_output``: ``ipywidgets.interactive_output`` with an inline matplotlib figure;
- ``Image, predict``: ``ipywidgets.Image`` with ``decoder.predict``.

A press is timed from the browser's time stamp of the key event (a) to the moment a script
in the page, looking right after the key's own listeners, between any two tasks and in every
frame, finds other pixels in the canvas or a newly loaded image in the <img>, and (b) to the
end of the frame that paints them: at 60 frames a second (b) waits for the display's clock,
8 ms on average, and here for Chromium's software rendering, whatever is measured.
For the explorer also the time that decoding takes, in the page.
"""

import argparse
import json
import os
import platform
import random
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright
from table import Row

LIMITS = {"MLP": 16, "conv": 16, "16-D": 16, "kernel": 60}  # ms to changed pixels, 95th percentile

SETUP = """
import time
import vaelab, keras, io
import ipywidgets as widgets, matplotlib.pyplot as plt, numpy as np, tensorflow as tf
from keras import layers
from PIL import Image
from vaelab import data, models, reference
from vaelab.explorer import LatentExplorer
%matplotlib inline

images = data.load()
encoder, decoder = reference.load_mlp()
def slider(name):
    return widgets.FloatSlider(min=-3, max=3, step=0.02, description=name)
"""
CELLS = {
    "MLP": """
start = time.perf_counter()
explorer = LatentExplorer(decoder, encoder, images.x_test, images.y_test, train_images=images.x_train)
print(f"built in {time.perf_counter() - start:.3f} s")
explorer
""",
    "conv": "LatentExplorer(reference.load_conv_decoder())",
    "16-D": """
large = models.make_decoder(16, 256, 784)
large.set_weights([4 * weight for weight in large.get_weights()])  # so that one step always changes a pixel
LatentExplorer(large)
""",
    "kernel": """
class Unknown(layers.Layer):
    def call(self, x):
        return tf.math.asinh(tf.math.sinh(x))

LatentExplorer(keras.Sequential([keras.Input((2,)), decoder, Unknown()]))
""",
    "interactive_output": """
def draw(z1, z2):
    plt.figure(figsize=(4, 4))
    plt.imshow(np.reshape(decoder(np.array([[z1, z2]], "float32")), (28, 28)), cmap="gray")
    plt.axis("off")
    plt.show()
z1, z2 = slider("z1"), slider("z2")
widgets.VBox([z1, z2, widgets.interactive_output(draw, {"z1": z1, "z2": z2})]).add_class("baseline-figure")
""",
    "Image, predict": """
image = widgets.Image(format="png", width=280, height=280)
def redraw(_):
    x = decoder.predict(np.array([[y1.value, y2.value]], "float32"), verbose=0).reshape(28, 28)
    stream = io.BytesIO()
    Image.fromarray(np.uint8(255 * x)).save(stream, "png")
    image.value = stream.getvalue()
y1, y2 = slider("z1"), slider("z2")
y1.observe(redraw, "value"); y2.observe(redraw, "value")
redraw(None)
widgets.VBox([y1, y2, image]).add_class("baseline-image")
""",
}
# Where the slider and the picture of each are.
PLACES = {
    **{name: (f".vl-explorer >> nth={k}", ".vl-screen") for k, name in enumerate(LIMITS)},
    "interactive_output": (".baseline-figure", "img"),
    "Image, predict": (".baseline-image", "img"),
}
# Runs in the page, once: from then on every key press on the slider is timed, without a word from outside, for what is
# asked of the page is work for the browser, too. In `root.timings`: [ms to changed pixels, ms to the painted frame], or null
# where nothing changed before the next press.
WATCH = """(root, selector) => {
    const look = () => {
        const picture = root.querySelector(selector);
        if (!picture) return null;
        if (picture.tagName === "IMG") return picture.complete && picture.naturalWidth ? picture.src : null;
        const { data } = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
        let hash = 0;
        for (let k = 0; k < data.length; k += 4) hash = (hash * 31 + data[k]) | 0;
        return hash;
    };
    const watched = root.timings !== undefined;
    root.timings = [];
    if (watched) return;
    root.addEventListener("keydown", (event) => {
        const number = root.timings.push(null) - 1;
        const start = event.timeStamp;
        const before = look();
        let changed = null;
        const seen = () => {
            if (changed === null) {
                const now = look();
                if (now !== null && now !== before) changed = performance.now();
            }
            return changed !== null;
        };
        const late = () => root.timings.length > number + 1 || performance.now() - start > 3000;
        // A message is handled between two tasks of the page; a posted one in a frame after it was painted.
        const soon = (task) => {
            const channel = new MessageChannel();
            channel.port1.onmessage = task;
            channel.port2.postMessage(0);
        };
        const poll = () => seen() || late() || soon(poll);
        const frame = () => {
            if (seen()) soon(painted);
            else if (!late()) requestAnimationFrame(frame);
        };
        const painted = () => {
            const shown = performance.now();
            root.timings[number] = [changed - start, shown - start];
        };
        root.addEventListener("keydown", seen, { once: true }); // after the slider's own listeners
        poll();
        requestAnimationFrame(frame);
    }, { capture: true });
}"""
# How long decoding takes in the page: the median of some runs, in ms; null where it does not run there.
DECODE = """(root) => {
    const decoder = root.networks?.decoders[0];
    if (decoder?.mode !== "page") return null;
    const took = Array.from({ length: 25 }, () => {
        const start = performance.now();
        decoder.run(root.store.get("z"));
        return performance.now() - start;
    });
    return took.sort((a, b) => a - b)[12];
}"""


def start_lab(folder, log):
    """JupyterLab as `make lab` starts it; (process, address, token)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.allow_root": True,
        "IdentityProvider.token": token, "LabApp.expose_app_in_browser": True,
    }  # fmt: skip
    private = {
        name: str(folder / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", str(folder), "--no-browser", *(f"--{k}={v}" for k, v in options.items())],
        env=os.environ | private | {"JUPYTER_WIDGETS_ECHO": "0"}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5).close()
            return server, address, token
        except OSError:
            time.sleep(0.2)
    server.terminate()
    raise SystemExit("JupyterLab did not start within a minute.")


def press(page, name, presses):
    """Timings of that many presses of arrow keys, (changed, painted, exact) in ms, None where nothing changed."""
    root_selector, picture = PLACES[name]
    root = page.locator(root_selector)
    root.scroll_into_view_if_needed()
    root.get_by_role("slider").first.focus()
    root.evaluate(WATCH, picture)
    rest = 250 if name in LIMITS else 700  # ms until the kernel is idle again, and the picture of the last press there
    for number in range(presses + 5):
        page.wait_for_timeout(rest + 17 * random.random())  # anywhere in a frame
        page.keyboard.press("ArrowRight" if number // 25 % 2 == 0 else "ArrowLeft")
    page.wait_for_timeout(3000)
    timings = root.evaluate("root => root.timings")
    assert len(timings) == presses + 5, "not every key press reached the slider"
    decoding = root.evaluate(DECODE)
    return [timing and [*timing, decoding] for timing in timings[5:]]  # the first few warm up


def percentile(values, q):
    return statistics.quantiles(values, n=100, method="inclusive")[q - 1]


def summary(timings):
    """Medians and 95th percentiles of the timings of one round, in ms."""
    seen = [timing for timing in timings if timing is not None]
    found = {"presses": len(timings), "unanswered": len(timings) - len(seen)}
    for index, what in enumerate(("changed", "painted", "decoding")):
        values = [timing[index] for timing in seen if timing[index] is not None]
        if len(values) > 1:
            found[what] = {"median": round(percentile(values, 50), 1), "p95": round(percentile(values, 95), 1)}
            found[what]["all"] = [round(value, 1) for value in values]
    return found


def measure(rounds=2, presses=100):
    """The explorer's rows of the one table: medians of a round each, in ms."""
    return rows(operate(rounds, presses))


def rows(results):
    def medians(name):
        return [outcome[name]["changed"]["median"] for outcome in results["rounds"]]

    made = []
    for name, what in (
        ("MLP", "MLP, in the page"), ("conv", "convolutional, in the page"), ("16-D", "16-D, in the page"),
        ("kernel", "a layer without a program, in the kernel"),
    ):  # fmt: skip
        details = {"limit of the 95th percentile, ms": LIMITS[name], "built": results["built"],
                   "rounds": [outcome[name] for outcome in results["rounds"]]}  # fmt: skip
        for baseline in ("interactive_output", "Image, predict"):
            made.append(
                Row(
                    f"key press to changed pixels: {what}",
                    baseline,
                    "ms",
                    medians(baseline),
                    medians(name),
                    details=details,
                )
            )
            details = {}
    return made


def operate(rounds, presses):
    """Press the keys in a real JupyterLab; every timing of every round."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(code.strip()) for code in (SETUP, *CELLS.values())]
        )
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        nbformat.write(notebook, folder / "explorer.ipynb")
        with (folder / "log").open("w") as log, sync_playwright() as playwright:
            server, address, token = start_lab(folder, log)
            try:
                executable = (
                    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
                )
                browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(f"{address}/lab/tree/explorer.ipynb?reset&token={token}")
                kernel = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
                page.wait_for_function(f"() => {kernel} === 'idle'", timeout=120_000)
                page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
                page.wait_for_selector(".baseline-image img", timeout=180_000)
                page.wait_for_function("() => document.querySelectorAll('.vl-explorer').length === 4", timeout=60_000)
                results = {
                    "machine": {
                        "system": platform.platform(), "processors": os.cpu_count(), "python": platform.python_version(),
                        "chromium": browser.version,
                    },
                    "built": page.locator(".jp-OutputArea-output pre", has_text="built in").inner_text().strip(),
                    "rounds": [],
                }  # fmt: skip
                for _ in range(rounds):
                    outcome = {"load average": os.getloadavg()[0]}
                    for name in CELLS:
                        outcome[name] = summary(press(page, name, presses))
                    results["rounds"].append(outcome)
                    show(outcome)
                page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
                results["saved notebook, bytes"] = (folder / "explorer.ipynb").stat().st_size
                browser.close()
            finally:
                server.terminate()
                server.wait(timeout=30)
    return results


def show(outcome):
    print(f"\nload average {outcome['load average']:.1f}; milliseconds, median / 95th percentile")
    print(f"{'':20}{'changed pixels':>18}{'painted frame':>18}{'decoding':>18}   allowed (95th)")
    for name in CELLS:
        found = outcome[name]
        cells = [
            f"{found[what]['median']:.1f} / {found[what]['p95']:.1f}" if what in found else ""
            for what in ("changed", "painted", "decoding")
        ]
        limit = f"{LIMITS[name]} ms" if name in LIMITS else "baseline"
        unanswered = f"   {found['unanswered']} unanswered!" if found["unanswered"] else ""
        print(f"{name:20}" + "".join(f"{cell:>18}" for cell in cells) + f"   {limit}{unanswered}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    results = operate(options.rounds, options.presses)
    options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(
        f"\n{results['built']}; saved notebook {results['saved notebook, bytes'] / 1000:.0f} kB; written to {options.output}"
    )


if __name__ == "__main__":
    main()
