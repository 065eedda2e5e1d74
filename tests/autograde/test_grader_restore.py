"""Whatever a file is, restoring ends in cells to run or one clear sentence."""

import copy
import json
import time

import nbformat
import pytest
from damaged import DAMAGED
from grading_helpers import PIXEL, answered, as_bytes, cell, mini, released

from autograde import assignment, match, submitted
from autograde import restore as restore_

ASSIGNMENT = mini()
GRADED = [c.id for c in ASSIGNMENT.cells]


def restore(notebook):
    return restore_.restore(notebook if isinstance(notebook, bytes) else as_bytes(notebook), ASSIGNMENT)


def order(restored):
    return [c["grade_id"] for c in restored.cells if c["grade_id"]]


def source_of(restored, grade_id):
    return next(c["source"] for c in restored.cells if c["grade_id"] == grade_id)


def position(notebook, grade_id):
    return notebook.cells.index(cell(notebook, grade_id))


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_file_is_refused_in_one_sentence(name):
    with pytest.raises(submitted.Damaged) as refusal:
        restore(DAMAGED[name])
    assert 10 < len(str(refusal.value)) < 400


def test_there_are_fifty_kinds_of_damage():
    assert len(DAMAGED) >= 50


def test_an_untouched_release_gives_the_assignment_with_its_hidden_tests():
    restored = restore(released())
    assert order(restored) == GRADED
    assert restored.notes == []
    assert "kl_term.properties" in source_of(restored, "test_kl_term_properties")
    assert "kl_term.properties" not in as_bytes(released()).decode()


def test_no_metadata_or_output_of_the_student_survives():
    notebook = answered()
    notebook.metadata["evil"] = "x"
    for c in notebook.cells:
        c.metadata["evil"] = "x"
        if c.cell_type == "code":
            c.outputs = [nbformat.v4.new_output("stream", text="evil")]
    assert "evil" not in json.dumps(restore(notebook).cells)


@pytest.mark.parametrize("grade_id", GRADED)
def test_a_deleted_cell_is_put_back_in_its_place(grade_id):
    notebook = answered()
    notebook.cells.remove(cell(notebook, grade_id))
    restored = restore(notebook)
    assert order(restored) == GRADED
    assert any(grade_id in text for _, text in restored.notes)


@pytest.mark.parametrize("grade_id", GRADED)
def test_a_duplicated_cell_is_graded_once(grade_id):
    notebook = answered()
    at = position(notebook, grade_id)
    notebook.cells.insert(at + 1, copy.deepcopy(notebook.cells[at]))
    restored = restore(notebook)
    assert order(restored) == GRADED
    assert any(f"{grade_id} was there 2 times" in text for _, text in restored.notes)


def test_of_two_written_answers_neither_is_lost():
    notebook = answered(written="first")
    notebook.cells.append(copy.deepcopy(cell(notebook, "question_pull")))
    notebook.cells[-1].source = "second"
    restored = restore(notebook)
    assert source_of(restored, "question_pull") == "second"
    assert any(c["source"] == "first" and c["grade_id"] is None for c in restored.cells)


def test_an_edited_test_is_replaced_and_flagged():
    notebook = answered()
    cell(notebook, "test_kl_term_values").source = "pass"
    restored = restore(notebook)
    assert source_of(restored, "test_kl_term_values") == 'check("kl_term.values", kl_term)'
    assert restored.notes == [("tampering", "test_kl_term_values was edited; the original was used")]


def test_forged_flags_and_points_are_ignored():
    notebook = answered()
    for c in notebook.cells:
        if "nbgrader" in c.metadata:
            c.metadata.nbgrader.update(grade=True, solution=True, locked=False, points=1000)
    restored = restore(notebook)
    by_id = {c["grade_id"]: c for c in restored.cells}
    for graded in ASSIGNMENT.cells:
        assert by_id[graded.id]["nbgrader"] == graded.metadata


def test_an_invented_grade_id_earns_nothing_and_is_flagged():
    notebook = answered()
    forged = nbformat.v4.new_code_cell("1", metadata={"nbgrader": {"grade_id": "bonus", "grade": True, "points": 100}})
    notebook.cells.append(forged)
    restored = restore(notebook)
    assert order(restored) == GRADED
    assert restored.notes[0][0] == "tampering" and "bonus" in restored.notes[0][1]


def test_tests_that_were_moved_up_run_after_what_they_test():
    notebook = answered()
    notebook.cells.insert(0, notebook.cells.pop(position(notebook, "test_kl_term_values")))
    restored = restore(notebook)
    assert order(restored) == GRADED


def test_a_solution_that_was_moved_down_is_still_before_its_tests():
    notebook = answered()
    notebook.cells.append(notebook.cells.pop(position(notebook, "kl_term")))
    restored = restore(notebook)
    assert order(restored).index("kl_term") < min(order(restored).index(g) for g in GRADED if g.startswith("test_"))


def test_students_own_cells_stay_where_they_are():
    notebook = answered()
    at = position(notebook, "test_kl_term_shape")
    notebook.cells.insert(at, nbformat.v4.new_code_cell("kl_term = better(kl_term)"))
    sources = [c["source"] for c in restore(notebook).cells]
    assert sources.index("kl_term = better(kl_term)") == sources.index('check("kl_term.shape", kl_term)') - 1


def test_lost_metadata_is_recovered_from_the_cell_ids():
    notebook = answered("return 42")
    for c in notebook.cells:
        c.metadata = {}
    restored = restore(notebook)
    assert order(restored) == GRADED
    assert "return 42" in source_of(restored, "kl_term")


def test_old_formats_are_read():
    notebook = nbformat.v4.downgrade(answered("return 42"))
    assert notebook.nbformat == 3
    assert "return 42" in source_of(restore(notebook), "kl_term")
    old = answered("return 42")
    old.nbformat_minor = 2
    for c in old.cells:
        del c["id"]
    assert "return 42" in source_of(restore(old), "kl_term")


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
        lambda text: text.replace("It pulls", "Cela tire à gauche").encode("windows-1252"),
        lambda text: text.replace("\\n", "\\r\\n").encode(),
        lambda text: text.replace("{", "{\r\n").encode(),
    ],
    ids=[
        "BOM",
        "UTF-16",
        "UTF-16 LE",
        "UTF-16 BE",
        "UTF-32",
        "Windows-1252",
        "Windows line ends in cells",
        "Windows line ends in the file",
    ],
)
def test_other_encodings_are_read(encode):
    restored = restore(encode(as_bytes(answered("return 42")).decode()))
    assert source_of(restored, "kl_term") == "def kl_term(z_mean, z_log_var):\n    return 42\n"


def test_the_encoding_is_noted_and_letters_are_kept():
    data = json.dumps(answered(written="Cela tire à gauche"), ensure_ascii=False).encode("windows-1252")
    restored = restore(data)
    assert source_of(restored, "question_pull") == "Cela tire à gauche"
    assert [text for _, text in restored.notes if "windows-1252" in text]


def stripped(notebook):
    """What a copy into a fresh notebook, or another program, leaves: the text."""
    for i, c in enumerate(notebook.cells):
        c.metadata, c.id = {}, f"new-{i}"
    return notebook


@pytest.mark.parametrize("remove", [None, *[g for g in GRADED if g.startswith("test_")]])
def test_cells_without_any_name_are_known_by_their_text(remove):
    notebook = stripped(answered("return 42", written="My own words."))
    notebook.cells = [
        c for c in notebook.cells if remove is None or remove.removeprefix("test_").replace("_", ".", 2) not in c.source
    ]
    notebook.cells.insert(3, nbformat.v4.new_code_cell("print(kl_term)"))
    notebook.cells.insert(2, nbformat.v4.new_markdown_cell("A thought of mine."))
    restored = restore(notebook)
    assert order(restored) == GRADED
    assert "return 42" in source_of(restored, "kl_term") and source_of(restored, "question_pull") == "My own words."
    kinds = {kind for kind, _ in restored.notes}
    assert kinds == {"repair"} and any("known by the text" in text for _, text in restored.notes)


def test_an_answer_without_its_name_is_known_by_the_question_before_it():
    layout = (
        (None, "markdown", "## The first question"),
        ("q1", "markdown", "YOUR ANSWER HERE"),
        (None, "markdown", "## The second question"),
        ("q2", "markdown", "YOUR ANSWER HERE"),
    )
    cells = tuple(
        assignment.Cell(i, "written", "markdown", "YOUR ANSWER HERE", "YOUR ANSWER HERE", 2.0, {}) for i in ("q1", "q2")
    )
    two = assignment.Assignment("two", cells, "", frozenset(text for i, _, text in layout if i is None), layout)
    texts = ["# Title of mine", "## The first question", "one", "## The second question", "second", "and more"]
    submitted = [("markdown", text, None, None, {}) for text in texts]
    assert match.known(submitted, two) == [None, None, "q1", None, "q2", None]
    submitted[2] = ("markdown", "YOUR ANSWER HERE", None, None, {})
    assert match.known(submitted, two)[2] == "q1"


def test_of_several_cells_without_names_that_define_the_function_the_last_is_the_answer():
    notebook = stripped(answered("return 1"))
    notebook.cells.insert(3, nbformat.v4.new_code_cell("def kl_term(z_mean, z_log_var):\n    return 2"))
    assert "return 2" in source_of(restore(notebook), "kl_term")


def test_a_notebook_of_another_version_is_one_note_and_no_tampering():
    notebook = answered()
    for c in notebook.cells:
        if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_"):
            c.metadata["nbgrader"]["grade_id"] = "cell-2025-" + c.metadata["nbgrader"]["grade_id"]
            c.id = c.metadata["nbgrader"]["grade_id"]
            c.source = c.source + "  # as it was last year"
    restored = restore(notebook)
    assert order(restored) == GRADED
    ((kind, text),) = restored.notes
    assert (
        kind == "repair"
        and text.startswith("made from another version of this assignment")
        and "test_kl_term_shape" in text
    )


def test_many_deleted_or_edited_tests_are_one_note_each():
    notebook = answered()
    tests = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")]
    notebook.cells.remove(tests[0])
    notebook.cells.remove(tests[1])
    tests[2].source = "pass"
    assert restore(notebook).notes == [
        ("tampering", "test_kl_term_properties was edited; the original was used"),
        ("repair", "test_kl_term_shape and test_kl_term_values were missing, and put back"),
    ]


BELOW = "def kl_term(z_mean, z_log_var):\n    return 2"


@pytest.mark.parametrize(
    "stub, own, said",
    [
        (True, [BELOW], "kl_term is defined below its tests only"),
        (False, [BELOW], "kl_term is defined again below its tests"),
        (False, [], None),
        (True, ["other = 3", "kl_term(1, 2)"], None),
    ],
)
def test_a_function_defined_below_its_tests_is_said_to_be(stub, own, said):
    notebook = released() if stub else answered()
    notebook.cells.extend(nbformat.v4.new_code_cell(code) for code in own)
    restored = restore(notebook)
    assert [text for _, text in restored.notes if "below its tests" in text] == [*restored.below.values()]
    assert bool(restored.below) == bool(said) and (not said or restored.below["kl_term"].startswith(said))


def test_a_function_defined_above_its_tests_in_a_cell_of_ones_own_is_not_called_below_them():
    notebook = released()
    at = position(notebook, "test_kl_term_shape")
    notebook.cells[at:at] = [nbformat.v4.new_code_cell(BELOW)]
    assert restore(notebook).below == {}


def test_who_defines_it_below_is_not_told_that_nothing_is_written():
    notebook = released()
    notebook.cells.append(nbformat.v4.new_code_cell(BELOW))
    restored = restore(notebook)
    verdict = {"status": "not_done", "message": "kl_term is not written yet."}
    findings = {"checks": {"test_kl_term_shape": {"passed": False, "verdicts": [verdict]}}}
    match.explain(findings, restored.below, ASSIGNMENT)
    assert "below its tests" in verdict["message"] and "not written" not in verdict["message"]
    assert "Move it" in verdict["next_step"]


def test_a_test_that_was_deleted_runs_after_what_the_student_added():
    notebook = answered()
    own = ["helper = 1", "kl_term = better(kl_term, helper)"]
    for test in [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")]:
        notebook.cells.remove(test)
    at = position(notebook, "kl_term") + 1
    notebook.cells[at:at] = [nbformat.v4.new_code_cell(source) for source in own]
    sources = [c["source"] for c in restore(notebook).cells]
    first = min(i for i, source in enumerate(sources) if source.startswith("check("))
    assert first > max(sources.index(source) for source in own)


@pytest.mark.parametrize("first_line", ["import seaborn", "%matplotlib widget", "from google.colab import drive"])
def test_the_given_imports_come_first_where_the_students_differ(first_line):
    notebook = answered()
    imports = next(c for c in notebook.cells if c.cell_type == "code")
    assert imports.source == ASSIGNMENT.imports
    assert [c["source"] for c in restore(notebook).cells].count(imports.source) == 1
    imports.source = f"{first_line}\n{imports.source}"
    sources = [c["source"] for c in restore(notebook).cells]
    assert sources[0] == ASSIGNMENT.imports and imports.source in sources


@pytest.mark.parametrize("place", [0, 1])
def test_an_answer_beside_its_cell_is_for_a_person_to_read(place):
    notebook = answered(written=None)
    assert restore(notebook).beside == set()
    notebook.cells.insert(position(notebook, "question_pull") + place, nbformat.v4.new_markdown_cell("It pulls."))
    restored = restore(notebook)
    assert restored.beside == {"question_pull"} and "person" in restored.notes[-1][1]
    cell(notebook, "question_pull").source = "An answer"
    assert restore(notebook).beside == set()


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


# --- bounds: what no person writes is cut, and noted, and never stops the rest ---------------


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
