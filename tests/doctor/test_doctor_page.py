"""The report that docs/doctor.md shows is the one that the doctor writes."""

import copy
import re
from pathlib import Path

import pictures

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"


def written():
    report = copy.copy(pictures.examined("add_loss_layer", "no_half"))
    report.model = "vae (Functional)"
    return str(report)


def without_digits(text):
    """Numbers differ in their last digits from machine to machine, and layers are counted."""
    return re.sub(r"[-\d.e]*\d|\s+", lambda m: " " if m[0].isspace() else "#", re.sub(r"_\d+\b", "", text)).strip()


def test_the_page_shows_a_report_as_it_is_written():
    shown = re.search(r"<!-- report -->\n```\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert without_digits(shown) == without_digits(written())
