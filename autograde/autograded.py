"""The notebook that formgrader shows: what ran, with outputs and verdicts."""

import contextlib
from collections.abc import Sequence
from typing import Any

import nbformat

from autograde.restore import RestoredCell
from autograde.result import Check, Findings, Result


def notebook(cells: Sequence[RestoredCell], findings: Findings, result: Result) -> str:
    """The notebook that formgrader shows: what ran, with outputs and verdicts.

    What a notebook or UTF-8 refuses can only have come from the student. It is left out, and ``result`` notes it: first all
    outputs, then the text of the student's cells.
    """
    outputs = {cell["id"]: cell["outputs"] for cell in findings["cells"]}
    with contextlib.suppress(Exception):
        return _text(cells, outputs, result)
    result["notes"].append(["tampering", "the outputs of this notebook cannot be written; they were left out"])
    with contextlib.suppress(Exception):
        return _text(cells, {}, result)
    result["notes"].append(["tampering", "the text of this notebook cannot be written; it was left out"])
    bare: list[RestoredCell] = [
        cell if cell["test"] else {**cell, "source": "(This cell cannot be shown.)", "attachments": {}}
        for cell in cells
    ]
    return _text(bare, {}, result)


def _text(cells: Sequence[RestoredCell], outputs: dict[str, list], result: Result) -> str:
    """The text of a valid notebook. Raises whatever nbformat, JSON or UTF-8 do."""
    checks = {check["grade_id"]: check for check in result["checks"]}
    made: list[dict[str, Any]] = []
    for cell in cells:
        new: dict[str, Any] = {
            "cell_type": cell["cell_type"],
            "id": cell["id"][:64],
            "metadata": {},
            "source": cell["shown"],
        }
        if cell["nbgrader"]:
            new["metadata"]["nbgrader"] = cell["nbgrader"]
        if cell["attachments"]:
            new["attachments"] = cell["attachments"]
        if cell["cell_type"] == "code":
            new["execution_count"] = None
            ran = outputs.get(cell["id"], [])
            new["outputs"] = _shown(checks[str(cell["grade_id"])]) if cell["test"] and not ran else ran
        made.append(new)
    # Made whole and validated once: nbformat's own makers validate every cell, which takes longer than all else here.
    whole = nbformat.from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "cells": made,
            "metadata": {
                "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
                "autograde": {"sha256": result["sha256"], "status": result["status"]},
            },
        }
    )
    nbformat.validate(whole)
    text = nbformat.writes(whole) + "\n"
    text.encode()
    return text


def _shown(check: Check) -> list[dict]:
    """A verdict as the output of its test cell; nbgrader reads the same mark from it."""
    text = "\n".join(str(verdict.get("message", "")) for verdict in check["verdicts"]) or check["reason"] or ""
    if check["passed"]:
        return [{"output_type": "display_data", "data": {"text/plain": f"Passed. {text}"}, "metadata": {}}]
    return [{"output_type": "error", "ename": "CheckFailed", "evalue": text, "traceback": text.split("\n")}]
