"""result.json is read back as it was written; an older one is brought up to date, an unknown one is named."""

import json

import pytest

from autograde import result

CHECK = {
    "grade_id": "test_a",
    "points": 1.0,
    "max_points": 1.0,
    "passed": True,
    "hidden": False,
    "verdicts": [],
    "reason": None,
}


def test_what_is_written_is_read_back():
    checks = [{**CHECK, "kind": "ordinary"}]
    written = {"format": result.FORMAT, "student": "ada", "sandbox": "landlock", "checks": checks}
    assert result.loads(result.dumps(written)) == written


@pytest.mark.parametrize("sandboxed, name", [(True, "bubblewrap"), (False, "none")])
def test_a_result_from_before_there_were_two_sandboxes_was_made_in_the_first(sandboxed, name):
    read = result.loads(json.dumps({"format": result.FORMAT, "sandboxed": sandboxed, "checks": []}))
    assert read["sandbox"] == name


def test_in_a_result_of_format_1_all_checks_were_judged():
    read = result.loads(json.dumps({"format": 1, "student": "ada", "checks": [CHECK], "answers": {"a": "given"}}))
    assert read["checks"] == [{**CHECK, "kind": "judged"}] and read["format"] == result.FORMAT and read["answers"] == {}


def test_a_newer_result_is_refused_and_its_version_named():
    with pytest.raises(result.OtherFormat, match="format 99.*checks abc123"):
        result.loads(json.dumps({"format": 99, "versions": {"checks": "abc123"}}))


@pytest.mark.parametrize("text", ["[]", "{}", "{"])
def test_what_is_no_result_is_not_taken_for_one(text):
    with pytest.raises(ValueError):
        result.loads(text)
