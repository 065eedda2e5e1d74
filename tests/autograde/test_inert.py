"""A student's text in the browser of the person who grades: nothing runs, nothing is loaded, and it is quickly made.

The hostile texts are the files in ``tests/attacks/written``; `test_pages.py` opens them in a real browser.
"""

import re
import time
from pathlib import Path

import nbformat
import proofs
import pytest
from bs4 import BeautifulSoup
from grading_helpers import PIXEL
from nbconvert import HTMLExporter

from autograde import inert as inert_
from autograde.inert import LEFT_OUT, MAX_SHOWN, inert, inert_code

WRITTEN = Path(__file__).parents[1] / "attacks" / "written"
OWN = {"ok.png": {"image/png": PIXEL}}

# Texts that take a renderer of Markdown, of MathJax or of code long, as they grow.
PATTERNS = {
    "brackets": ("[", "](x)"),
    "open brackets": ("[", ""),
    "pictures": ("![", "](x)"),
    "quotes": (">", ""),
    "emphasis": ("*a ", ""),
    "strong": ("**a", ""),
    "code": ("`a", ""),
    "fences": ("```\n", ""),
    "formulas": ("\\\\(", ""),
    "displayed formulas": ("\\\\[", ""),
    "environments": ("\\begin{a}", ""),
    "lists": ("- ", ""),
    "deep lists": ("* a\n  ", ""),
    "tables": ("|a", "|\n-|-\n"),
    "references": ("&a", ""),
    "script": ("j ", ""),
    "java": ("java ", ""),
    "macros": ("\\", ""),
    "attachments": ("![](attachment:", ""),
    "addresses": ("https:", ""),
    "tildes": ("~", ""),
    "spaces": ("  \n", ""),
}


EXPORTER = HTMLExporter()


def page_of(text):
    cell = nbformat.v4.new_markdown_cell(text, attachments=OWN)
    return EXPORTER.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))[0]


@pytest.mark.parametrize("name", sorted(path.stem for path in WRITTEN.glob("*.md")))
def test_a_hostile_text_becomes_a_page_that_runs_and_loads_nothing(name):
    text = inert((WRITTEN / f"{name}.md").read_text(encoding="utf-8"), OWN, names={"notebook", "question_pull"})
    page = BeautifulSoup(page_of(text), "html.parser").main
    assert page.get_text().strip() and LEFT_OUT not in text
    for tag in page.find_all(True):
        assert tag.name not in (
            "script",
            "svg",
            "iframe",
            "object",
            "embed",
            "style",
            "link",
            "form",
            "video",
            "audio",
            "meta",
            "math",
        )
        assert not [
            attribute
            for attribute in tag.attrs
            if attribute.startswith("on") or attribute in ("srcset", "poster", "background")
        ]
        assert tag.name != "img" or tag["src"].startswith("data:image/png;base64,")
        assert tag.name != "a" or tag["href"].startswith("#")
        assert "url(" not in tag.get("style", "") and "mermaid" not in " ".join(tag.get("class", []))
        assert tag.get("id") not in ("notebook", "question_pull")
    formulas = "".join(part for part in page.find_all(string=True) if not part.find_parent(["code", "pre"]))
    assert not re.search(
        r"\\(href|style|class|cssId|mmlToken|bbox|require|csname|unicode|data|html)(?![a-z])", formulas
    )


@pytest.mark.proof(about=proofs.of("autograde"))
@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("length", [8000, 1_000_000])
def test_no_text_takes_long_to_be_shown(name, length):
    first, second = PATTERNS[name]
    text = first * (length // len(first)) + second * (length // max(1, len(second)) if second else 0)
    before = time.process_time()
    shown = inert(text, OWN)
    assert time.process_time() - before < 4 * inert_.MAX_SECONDS  # of 47 s
    assert len(shown) < 1.25 * MAX_SHOWN + 1000  # defusing a mark takes a space or two
    before = time.process_time()
    page_of(shown)
    assert time.process_time() - before < 4 * inert_.MAX_SECONDS


@pytest.mark.proof(about=proofs.of("autograde"))
@pytest.mark.parametrize(
    "unit", ["    \n", "\t\n", "a.", 'f"{', "@a.", "x = f(a)  # c\n", "(", '"""', "\\", "%a\n", "!a\n"]
)
@pytest.mark.parametrize("length", [4000, 1_000_000])
def test_no_code_takes_long_to_be_coloured(unit, length):
    before = time.process_time()
    shown = inert_code(unit * (length // len(unit)) + "x")
    cells = [nbformat.v4.new_code_cell(shown)]
    EXPORTER.from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    assert time.process_time() - before < 6 * inert_.MAX_SECONDS  # it was more than ten minutes
    assert len(shown) < MAX_SHOWN + 1000


def test_an_honest_answer_is_shown_as_it_was_written():
    text = (
        "# My answer\n\nIf $\\sigma < 1$ the KL term *pulls* & `x < y`; AT&T, ![p](attachment:ok.png).\n\n"
        "$$\\begin{matrix} a & b \\\\ c &d \\end{matrix}$$\n\n1. one\n2. **two**\n\n| a | b |\n|:-|--:|\n| 1 | 2 |\n\n"
        "- [x] done\n\n> said\n\n```python\nz = z_mean + sigma * epsilon  # [0]\n```\n\n~~no~~ \\{x\\}\n\n---\n"
    )
    assert inert(text, OWN) == text


def test_links_become_text_but_those_of_a_person_who_marks_stay():
    text = "See [here](https://example.org/?a=1) or https://example.org, not [there](/logout), ![](https://example.org/x.png)."
    assert (
        inert(text)
        == "See [here] (https: //example.org/?a=1) or https: //example.org, not [there] (/logout), ! [] (https: //example.org/x.png)."
    )
    assert inert(text, links=True).startswith(
        "See [here](https://example.org/?a=1) or https://example.org, not [there] (/logout), ! []"
    )


def test_only_the_cells_own_pictures_are_shown():
    assert inert("![a](attachment:ok.png)", OWN) == "![a](attachment:ok.png)"
    assert "<img" not in page_of(inert("![a](attachment:ok.png)", {}))


def test_a_long_text_says_how_much_is_missing():
    shown = inert("word " * 10_000)
    assert "30000 more characters" in shown and len(shown) < MAX_SHOWN + 200
    assert "30000 more characters" in inert_code("a = 1\n\n" * 7_142 + "123456")
