"""Of what no person writes in a notebook, much is cut and noted, and it never stops the rest."""

import json
import time

import pytest
from grading_helpers import PIXEL, answered, as_bytes
from restored import ASSIGNMENT, restore, source_of

from autograde import restore as restore_
from autograde import submitted


def test_pictures_pasted_into_answers_are_kept_and_on_code_cells_dropped():
    notebook = json.loads(as_bytes(answered()))
    for c in notebook["cells"]:
        c["attachments"] = {
            "a.png": {"image/png": PIXEL[:9] + "\n " + PIXEL[9:], "image/jpeg": PIXEL, "image/svg+xml": PIXEL}
        }
    for c in restore(json.dumps(notebook).encode()).cells:
        if c["cell_type"] == "code" or c["attachments"] == {}:
            assert c["attachments"] == {}
        else:
            assert list(c["attachments"]["a.png"]) == ["image/png"]
    assert any(c["attachments"] for c in restore(json.dumps(notebook).encode()).cells)


@pytest.mark.parametrize(
    "hostile",
    [
        {
            "cells": [
                {"cell_type": "markdown", "source": "x", "attachments": {"a": {"image/png": " " * 2_000_000 + "!"}}}
            ]
        },
        {
            "nbformat": 3,
            "worksheets": [
                {"cells": [{"cell_type": "code", "input": "1", "outputs": [{"output_type": "x"}] * 300_000}]}
            ],
        },
    ],
    ids=["an attachment of spaces", "an old notebook with many outputs"],
)
def test_what_is_read_outside_the_sandbox_takes_time_in_proportion_to_its_size(hostile):
    before = time.process_time()
    submitted.read(json.dumps(hostile).encode())
    assert time.process_time() - before < 10  # it was half an hour


def test_lone_surrogates_and_nonsense_attachments_do_no_harm():
    notebook = json.loads(as_bytes(answered()))
    notebook["cells"][0].update(source="\ud800", attachments={"a": {"image/png": 5, "text/html": "<b>"}, "b": 7})
    cells = restore(json.dumps(notebook).encode()).cells
    json.dumps(cells, ensure_ascii=False).encode()
    assert cells[0]["attachments"] == {}


def with_cells(*added):
    notebook = json.loads(as_bytes(answered()))
    for i, one in enumerate(added):
        base = {"cell_type": "markdown", "id": f"added{i}", "metadata": {}, "source": "x"}
        notebook["cells"].append({**base, **one})
    return json.dumps(notebook).encode()


@pytest.mark.parametrize("kind", ["code", "markdown", "raw"])
def test_a_cell_of_more_text_than_is_read_is_left_out_and_noted(kind):
    restored = restore(with_cells({"cell_type": kind, "source": "x" * (submitted.MAX_TEXT + 1)}))
    assert restored.cells[-1]["source"] == "# This cell has 1,000,001 characters, which are too many to be read."
    assert any("(1,000,001 characters) was not read" in text for _, text in restored.notes)
    assert "ops.sum" in source_of(restored, "kl_term")


def test_cells_have_a_room_together_and_answers_of_the_assignment_come_first():
    restored = restore(with_cells(*[{"cell_type": "code", "source": "#" * 900_000}] * 9))
    assert sum(len(c["source"]) for c in restored.cells) < submitted.MAX_TEXT_TOGETHER + 50_000
    restored = restore(with_cells(*[{"source": "word " * 5000}] * 40))
    assert sum(len(c["shown"]) for c in restored.cells) < restore_.MAX_SHOWN_TOGETHER + 50_000
    assert any("more text than can be shown" in c["shown"] for c in restored.cells)


def test_what_people_see_of_code_is_short_and_what_runs_is_whole():
    restored = restore(with_cells({"cell_type": "code", "source": "a = 1  \n" * 50_000}))
    assert restored.cells[-1]["source"] == "a = 1  \n" * 50_000
    assert len(restored.cells[-1]["shown"]) < 25_000 and "  \n" not in restored.cells[-1]["shown"]


def test_pictures_have_a_size_and_a_room_together(monkeypatch):
    monkeypatch.setattr(submitted, "MAX_PICTURE", len(PIXEL))
    monkeypatch.setattr(submitted, "MAX_PICTURES_TOGETHER", 2 * len(PIXEL))
    files = {"a.png": {"image/png": PIXEL}, "b.png": {"image/png": PIXEL + "=" * 4}}
    kept = [c["attachments"] for c in restore(with_cells(*[{"attachments": files}] * 3)).cells[-3:]]
    assert kept == [{"a.png": {"image/png": PIXEL}}] * 2 + [{}]


def test_long_names_are_cut_and_many_strange_ones_are_one_note():
    long = {"id": "i" * 5_000_000, "metadata": {"nbgrader": {"grade_id": "g" * 5_000_000}}}
    strange = [{"metadata": {"nbgrader": {"grade_id": f"strange{i}"}}} for i in range(500)]
    restored = restore(with_cells(long, *strange))
    assert len(json.dumps(restored.notes)) < 2000 and max(len(c["id"]) for c in restored.cells) < 300


def test_raw_text_is_shown_as_markdown_which_can_be_made_inert():
    evil = "[" * 300 + "<script>alert(1)</script>"
    (last,) = restore(with_cells({"cell_type": "raw", "source": evil})).cells[-1:]
    assert last["cell_type"] == "markdown" and last["shown"].startswith("~~~")


def test_a_given_text_is_shown_as_it_was_given():
    given = next(text for text in ASSIGNMENT.given if text.startswith("#"))
    restored = restore(answered())
    assert next(c for c in restored.cells if c["source"] == given)["shown"] == given
