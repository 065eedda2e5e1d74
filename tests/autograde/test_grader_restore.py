"""Whatever a student did to a notebook, its cells are put back into the assignment's frame."""

import copy
import json

import nbformat
import pytest
from grading_helpers import answered, as_bytes, cell, released
from restored import ASSIGNMENT, GRADED, order, position, restore, source_of

from autograde import match


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
