"""The course in JupyterLab, used in Chromium as a student would."""

import nbformat
import pytest
import release
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# Not notebook 3: its cells run in tests/test_notebooks.py too, and its training takes longest.
ASSIGNMENTS = [name for name in release.assignments() if name != "03_conv_vae"]


def errors(notebook):
    return [(cell.id, output.get("ename", "stderr")) for cell in notebook.cells if cell.cell_type == "code"
            for output in cell.outputs if output.output_type == "error" or output.get("name") == "stderr"]  # fmt: skip


def validate(page):
    """Click Validate; the text of the dialog it opens."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Validation Results", timeout=120_000)
    text = dialog.inner_text()
    dialog.get_by_role("button", name="OK").click()
    return text


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_solution_runs_from_top_to_bottom_without_an_error(lab, page, assignment):
    path = f"solutions/{assignment}/{assignment}.ipynb"
    lab.open(page, path)
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    page.get_by_role("menuitem", name="Clear Outputs of All Cells").click()
    executed = lab.run_all(page)
    assert errors(executed) == []
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code" and cell.source.strip())


def test_a_released_notebook_stops_at_the_exercise_and_shows_what_stands_before_it(lab, page):
    lab.open(page, "course/01_kl_term/01_kl_term.ipynb")
    run = lab.run_all(page)
    assert [name for _, name in errors(run)] == ["NotImplementedError"]
    # The sliders before the exercise are there, and alive.
    slider = page.get_by_role("slider").first
    slider.scroll_into_view_if_needed()
    expect(slider).to_be_visible()


def test_validate_names_what_fails_and_is_content_with_finished_work(lab, page):
    path = lab.folder / "course/01_kl_term/01_kl_term.ipynb"
    lab.open(page, "course/01_kl_term/01_kl_term.ipynb")
    complaint = validate(page)
    assert "failed" in complaint and "NotImplementedError" in complaint
    solved = nbformat.read(lab.folder / "solutions/01_kl_term/01_kl_term.ipynb", as_version=4)
    answers = {cell.id: cell.source for cell in solved.cells if cell.metadata.get("nbgrader", {}).get("solution")}
    work = nbformat.read(path, as_version=4)
    for cell in work.cells:
        cell.source = answers.get(cell.id, cell.source)
    nbformat.write(work, path)
    lab.open(page, "course/01_kl_term/01_kl_term.ipynb")
    assert "Success" in validate(page)
