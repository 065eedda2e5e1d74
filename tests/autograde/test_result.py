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
    written = {"format": result.FORMAT, "student": "ada", "checks": [{**CHECK, "kind": "ordinary"}]}
    assert result.loads(result.dumps(written)) == written


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
