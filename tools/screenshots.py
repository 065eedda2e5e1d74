"""Take the README's pictures: the real course in JupyterLab, in Chromium.

make screenshots            writes docs/*.png
"""

import io
import tempfile
from pathlib import Path

import nbformat
from conftest import NOTEBOOK, chromium, jupyterlab  # type: ignore[attr-defined]  # of tests/browser
from PIL import Image

DOCS = Path(__file__).resolve().parents[1] / "docs"
# Averaged over the latent dimensions: a mistake that no learning curve shows.
WRONG = """def kl_term(z_mean, z_log_var):
    \"\"\"KL divergence from N(z_mean, diag exp z_log_var) to N(0, I), for every image, in nats.\"\"\"
    return ops.mean(0.5 * (ops.exp(z_log_var) + z_mean**2 - 1 - z_log_var), axis=-1)"""


def show(page, cell_id):
    """Bring the cell to the top of the notebook's panel."""
    page.evaluate(
        f"""async id => {{
            const content = {NOTEBOOK}.content;
            const index = content.widgets.findIndex(cell => cell.model.sharedModel.getId() === id);
            content.activeCellIndex = index;
            await content.scrollToItem(index, 'start');
        }}""",
        cell_id,
    )
    page.wait_for_timeout(1500)  # until images are decoded and painted


def save(page, name):
    """Write docs/`name`, with a palette of 256 colours: a third of the size, and no visible difference."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256)
    picture.save(DOCS / name, optimize=True)


def latent_space(lab, page):
    lab.open(page, "solutions/02_vae/02_vae.ipynb")
    notebook = nbformat.read(lab.folder / "solutions/02_vae/02_vae.ipynb", as_version=4)
    show(page, next(cell.id for cell in notebook.cells if "plots.latent_scatter" in cell.source))
    save(page, "notebook.png")


def recognised_mistake(lab, page):
    path = lab.folder / "course/01_kl_term/01_kl_term.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "kl_term").source = WRONG
    nbformat.write(notebook, path)
    lab.open(page, "course/01_kl_term/01_kl_term.ipynb")
    for cell_id in (notebook.cells[1].id, "kl_term", "test_kl_term_shape", "test_kl_term_prior", "test_kl_term_values"):
        show(page, cell_id)
        page.keyboard.press("Control+Enter")
        page.wait_for_function(f"() => {NOTEBOOK}.content.activeCell.model.executionState === 'idle' && "
                               f"{NOTEBOOK}.content.activeCell.model.executionCount > 0", timeout=90_000)  # fmt: skip
    show(page, "test_kl_term_shape")
    save(page, "check.png")


if __name__ == "__main__":
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder) / "project") as lab, chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 960})
        latent_space(lab, context.new_page())
        recognised_mistake(lab, context.new_page())
