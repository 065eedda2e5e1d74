"""The report that docs/doctor.md shows is the one that the doctor writes."""

import re
from pathlib import Path

import keras
import pictures

from vaelab import doctor

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"


def written():
    keras.utils.set_random_seed(1)
    model = pictures.style("add_loss_layer").make("no_half")
    model.name = "vae"
    return str(doctor.examine(model, pictures.images()))


def without_digits(text):
    """Numbers differ in their last digits from machine to machine, and layers are counted."""
    return re.sub(r"[-\d.e]*\d|\s+", lambda m: " " if m[0].isspace() else "#", re.sub(r"_\d+\b", "", text)).strip()


def test_the_page_shows_a_report_as_it_is_written():
    shown = re.search(r"<!-- report -->\n```\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert without_digits(shown) == without_digits(written())
