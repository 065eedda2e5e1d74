"""One row of marks: what a student has for an assignment, from the results of its notebooks and from the gradebook."""

from collections.abc import Iterable, Mapping, Sequence

from autograde.cells import folder_of, stem_of
from autograde.result import Note, Result

#: A row has the status of the notebook that is worst off.
STATUSES = ("graded", "stopped", "unreadable")


def key(part: Mapping, result: Result, results: Sequence[Result]) -> str:
    """What a cell is called in a row: grade ids are unique in one notebook only."""
    grade_id = part["grade_id"]
    return grade_id if len(results) == 1 else f"{stem_of(result['assignment'])}: {grade_id}"


def of_notebook(result: Result, results: Sequence[Result], notes: Iterable[Note]) -> list[Note]:
    """Notes on one of several notebooks, which say which it is."""
    return [[kind, text if len(results) == 1 else f"{stem_of(result['assignment'])}: {text}"] for kind, text in notes]


def row_of(results: Sequence[Result], marks: Sequence[dict | None]) -> dict:
    """One row of marks.csv, from the results of all notebooks, and what the gradebook has of each (or None)."""
    cells: dict[str, float | None] = {}
    score = penalty = 0.0
    to_grade = False
    for result, mine in zip(results, marks):
        graded = mine["cells"] if mine else {}
        for part in [*result["checks"], *result["written"]]:
            cells[key(part, result, results)] = graded.get(part["grade_id"], {}).get("score", part["points"])
        waiting = [part for part in result["written"] if _waits(part, graded)]
        cells |= {key(part, result, results): None for part in waiting}
        score += mine["score"] if mine else result["score"]
        penalty = max(penalty, mine["penalty"] or 0.0) if mine else penalty
        to_grade |= bool(mine["needs_manual_grade"]) if mine else bool(waiting)
    said = [
        text
        for result in results
        if result["reason"]
        for _, text in of_notebook(result, results, [["", result["reason"]]])
    ]
    student = results[0]["student"]
    return {
        "student": student,
        "name": next((result["name"] for result in results if result["name"]), ""),
        "assignment": folder_of(results[0]["assignment"]),
        "score": max(0.0, score - penalty),
        "max_score": sum(result["max_score"] for result in results),
        "automatic": sum(result["score"] for result in results),
        "to_grade": to_grade,
        "status": max((result["status"] for result in results), key=STATUSES.index),
        "late": any(result["late"] for result in results),
        "reason": " ".join(said),
        "cells": cells,
        "origin": next((origin for result in results if (origin := result.get("origin"))), {}),
        "pages": [page_of(result) for result in results],
    }


def _waits(part: Mapping, graded: Mapping[str, dict]) -> bool:
    """Whether a written answer waits for a person."""
    if part["grade_id"] in graded:
        return graded[part["grade_id"]]["needs_manual_grade"]
    return part["points"] is None


def page_of(result: Result) -> str:
    """The path of the page of feedback on a notebook, in the output folder: nbgrader has it there, and releases it from there."""
    name = result["assignment"]
    return f"feedback/{result['student']}/{folder_of(name)}/{stem_of(name)}.html"
