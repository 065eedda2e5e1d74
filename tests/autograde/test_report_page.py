"""The report and the pages of feedback, as a browser shows them: nothing is cut off on a telephone, and tables sort and filter.

The class has an assignment of two notebooks with long names, one student whose second notebook is missing, and a file that is nobody's.
"""

import needs
import pytest
from made_results import ANSWER, graded, unreadable
from playwright.sync_api import sync_playwright

from autograde.cells import stem_of
from autograde.ledger import write_safely
from autograde.report import write_all

pytestmark = pytest.mark.browser

NOTEBOOKS = ("lab/1 reading", "lab/2 kelvin with a rather long name")
MISSING = f"2 kelvin.ipynb was not submitted, but: {'a_long_name_without_a_space_' * 6}.ipynb. Submit the file 2 kelvin.ipynb."


def results():
    for number in range(12):
        student = f"12345{number:02d}"
        for name in NOTEBOOKS:
            missing = number == 3 and name == NOTEBOOKS[1]
            result, notebook = (
                unreadable(student, reason=MISSING)
                if missing
                else graded(
                    student, passed=number % 3 > 0, late=number == 2, answers={"kl_term": ANSWER * (number < 3)}
                )
            )
            yield {**result, "assignment": name, "name": f"Ada Lovelace {number}"}, notebook


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    found = list(results())
    for result, notebook in found:
        name = result["assignment"]
        write_safely(folder / "results" / result["student"] / name / f"{stem_of(name)}.ipynb", notebook)
    write_all(
        folder, [result for result, _ in found], {}, unmatched=[(f"{'nobodys_' * 12}.ipynb", "cannot tell whose it is")]
    )
    return folder


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as programs:
        chromium = programs.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


CUT_OFF = """() => [...document.querySelectorAll('main *')]
    .filter(e => !e.closest('.wide') && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("width", [1200, 400])
def test_nothing_is_cut_off(out, browser, width):
    shown = browser.new_page(viewport={"width": width, "height": 900})
    pages = [out / "report.html", *(out / "feedback").glob("12345*/lab/2*.html")]
    assert len(pages) == 13
    for path in pages:
        shown.goto(path.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") <= width and shown.evaluate(CUT_OFF) == []
    shown.close()


def test_an_assignment_of_several_notebooks_has_one_row_a_student_and_a_link_to_each_page(out, browser):
    shown = browser.new_page(viewport={"width": 1200, "height": 900})
    shown.goto((out / "report.html").as_uri())
    rows = shown.locator("table[id] tbody tr")
    assert rows.count() == 12
    assert rows.nth(3).locator("td").first.inner_text() == (
        "1234503 (1 reading, 2 kelvin with a rather long name) Ada Lovelace 3"
    )
    names = (
        shown.locator("h3:has-text('Checks and questions') ~ .wide")
        .first.locator("tbody td:nth-child(2)")
        .all_inner_texts()
    )
    assert len({*names}) == len(names) == 8
    rows.nth(3).get_by_role("link", name="2 kelvin").click()
    assert "lab/2 kelvin with a rather long name: 0 of 8 points" in shown.inner_text("h1")
    assert "was not submitted" in shown.inner_text(".notice")
    shown.close()


def test_students_can_be_sorted_and_filtered(out, browser):
    shown = browser.new_page(viewport={"width": 1200, "height": 900})
    shown.goto((out / "report.html").as_uri())
    students = shown.locator("table[id]")

    def points():
        return [float(text) for text in students.locator("tbody tr:visible td:nth-child(2)").all_inner_texts()]

    before = points()
    students.get_by_role("button", name="points").click()
    assert points() == sorted(before) != before
    students.get_by_role("button", name="points").click()
    assert points() == sorted(before, reverse=True)
    shown.get_by_role("searchbox").fill("unreadable")
    assert len(points()) == 1 and "Ada Lovelace 3" in students.locator("tbody tr:visible").inner_text()
    shown.get_by_role("searchbox").fill("late")
    assert "Ada Lovelace 2" in students.locator("tbody tr:visible").first.inner_text()
    shown.close()
