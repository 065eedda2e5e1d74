"""The table of what attempts are told is that of all attempts, and right ones get all points in it, wrong ones not."""

import attempts
import pytest
from projects import PROJECT

ATTEMPTS = PROJECT / "tests" / "attempts"


def test_an_attempt_says_where_it_comes_from_and_whether_it_is_right():
    for path in ATTEMPTS.glob("*/*.py"):
        said = attempts.header(path)
        assert said.get("origin") and said.get("verdict") in ("right", "wrong"), path


@pytest.mark.parametrize("exercise", sorted(folder.name for folder in ATTEMPTS.iterdir()))
def test_right_attempts_get_all_points_and_wrong_ones_lose_some(exercise):
    listed = {attempt.name: attempt.right for attempt in attempts.attempts(exercise)}
    section = attempts.OUT.read_text(encoding="utf-8").partition(f"## {exercise}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split(" | ")] for line in section.splitlines() if line.startswith("| ")]
    found = {row[0].removeprefix("| "): row for row in rows if len(row) > 4 and row[0] not in ("| attempt", "|")}
    assert set(found) == set(listed), "make attempts"
    for name, row in found.items():
        earned, _, total = row[3].partition(" of ")
        assert (earned == total) == listed[name] == (row[2] == "right"), name
