"""A real JupyterLab on a copy of the notebooks, saved pages of the explorer, and Chromium to use them as a person would."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import needs
import pytest
from playwright.sync_api import sync_playwright
from saved_page import Page

from vaelab import data, reference
from vaelab.explorer import LatentExplorer

PROJECT = Path(__file__).resolve().parents[2]
START_S = 60


@dataclass
class Lab:
    """A running JupyterLab.

    Attributes
    ----------
    url, token : str
        Where it listens (loopback only), and its token.
    folder : pathlib.Path
        What it serves: copies of ``course/`` and ``solutions/``, free to be written to.
    """

    url: str
    token: str
    folder: Path

    def open(self, page, path):
        """Open the notebook `path` (relative to `folder`) in `page` and wait for its kernel."""
        page.goto(f"{self.url}/lab/tree/{path}?reset&token={self.token}")
        page.wait_for_function(f"() => {NOTEBOOK}?.context.isReady && {KERNEL}?.status === 'idle'", timeout=90_000)

    def run_all(self, page, timeout_s=240):
        """Choose Run > Run All Cells, wait until the kernel has run them, save; the notebook as saved."""
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(f"() => {KERNEL}.status === 'busy'")
        page.wait_for_function(
            f"() => {KERNEL}.status === 'idle' && {NOTEBOOK}.content.widgets.every("
            "cell => cell.model.type !== 'code' || cell.model.executionState !== 'running')",
            timeout=timeout_s * 1000,
        )
        return self.save(page)

    def save(self, page):
        """Save the notebook that `page` shows; its content."""
        path = page.evaluate(f"() => {NOTEBOOK}.context.path")
        page.evaluate(f"() => {NOTEBOOK}.context.save()")
        return nbformat.read(self.folder / path, as_version=4)


NOTEBOOK = "window.jupyterapp?.shell.currentWidget"
KERNEL = f"{NOTEBOOK}?.sessionContext?.session?.kernel"


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_serving(server, url, log):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start within {START_S} s:\n{log.read_text(encoding='utf-8')}")


@contextmanager
def jupyterlab(folder):
    """A JupyterLab, started the way `make lab` starts it, on copies of the notebooks in the new `folder`."""
    for name in ("course", "solutions"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    port, token = _free_port(), secrets.token_hex(16)
    log = folder.parent / "jupyterlab.log"
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": token,
        # Tests ask JupyterLab itself whether a cell is still running.
        "LabApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyter", "lab", str(folder), "--no-browser"]
    with log.open("w") as output:
        server = subprocess.Popen(
            command + [f"--{name}={value}" for name, value in options.items()],
            env=os.environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_serving(server, f"{url}/api/status?token={token}", log)
        yield Lab(url, token, folder)
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextmanager
def chromium():
    """The system's Chromium, without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """One JupyterLab for the whole test session."""
    with jupyterlab(tmp_path_factory.mktemp("lab") / "project") as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser):
    """An empty page of 1280 x 800 pixels in a profile of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def mlp():
    """Encoder and decoder of the reference MLP, as programs."""
    return reference.programs("mlp")


@pytest.fixture(scope="session")
def images():
    """The images of the course, as the notebooks load them."""
    return data.load()


@pytest.fixture(scope="session")
def saved_pages(tmp_path_factory, mlp, images):
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


@pytest.fixture
def opened(browser, saved_pages):
    """Opens a saved page; afterwards it has had no error."""
    pages = []

    def open_page(name="mine", **settings):
        pages.append(Page(browser, saved_pages / f"{name}.html", **settings))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
