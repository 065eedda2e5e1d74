"""The class that ships with the project is what it says: the published solution, near misses, damaged files, two attacks."""

import json
from pathlib import Path

import pytest

from autograde import assignment, demo, intake
from autograde.restore import restore
from autograde.submitted import Damaged

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def students(tmp_path_factory):
    folder = demo.write_class(tmp_path_factory.mktemp("demo"), PROJECT)
    found = intake.collect(folder, {demo.ASSIGNMENT: assignment.load(demo.ASSIGNMENT, PROJECT)}, demo.ASSIGNMENT)
    assert found.unmatched == []
    return {one.student: one for one in found.submissions}


def test_every_student_is_found(students):
    assert set(students) == {*demo.ANSWERS, "ivan_cut_short", "judy_sent_a_page", "mallory_deleted_the_tests"}


def test_each_answer_stands_in_the_cell_of_the_exercise(students):
    published = next(c for c in assignment.load(demo.ASSIGNMENT, PROJECT).cells if c.id == demo.CELL)
    for student, answer in demo.ANSWERS.items():
        cells = restore(students[student].read(), assignment.load(demo.ASSIGNMENT, PROJECT)).cells
        source = next(cell["source"] for cell in cells if cell["grade_id"] == demo.CELL)
        assert source == answer.strip() if answer else source != published.source and "return" in source


def test_two_files_are_damaged_and_one_lacks_its_tests(students):
    the = assignment.load(demo.ASSIGNMENT, PROJECT)
    for student in ("ivan_cut_short", "judy_sent_a_page"):
        with pytest.raises(Damaged):
            restore(students[student].read(), the)
    sent = json.loads(students["mallory_deleted_the_tests"].read())
    assert not any(c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("test_") for c in sent["cells"])
    assert any("missing" in text for _, text in restore(students["mallory_deleted_the_tests"].read(), the).notes)
