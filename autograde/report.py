"""What the instructor gets: one HTML page with plots, and marks as CSV."""

import base64
import io
from collections import Counter
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

from matplotlib.figure import Figure

from autograde import alike, exports
from autograde.feedback import ABOUT, ENVIRONMENT, mistake_names, style, write_page
from autograde.ledger import write_safely

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#777777"  # Okabe-Ito


def write_all(out, rows, marks, failed=(), unmatched=(), out_of=None):
    """Write feedback, CSV files, zips and the report of an output folder; returns the report's path and the rows of marks.csv.

    ``rows`` yields results (as in result.json), one at a time; ``marks`` maps each
    assignment to :meth:`autograde.gradebook.Writer.marks`; ``out_of``: see :func:`autograde.exports.write_all`.
    """
    out = Path(out)
    lines, parts, sandboxed = [], {}, True
    for result in rows:
        mine = marks.get(result["assignment"], {}).get(result["student"])
        write_page(out, result, mine)
        line = row_of(result, mine)
        lines.append(line)
        sandboxed &= result["sandboxed"]
        part = parts.setdefault(
            result["assignment"],
            {
                "name": result["assignment"],
                "max_score": result["max_score"],
                "rows": [],
                "lost": Counter(),
                "worth": {},
                "mistakes": Counter(),
                "answers": {},
            },
        )
        _add(part, result, line)
    lines.sort(key=lambda line: (line["assignment"], line["student"]))
    exports.write_all(out, lines, out_of)
    for part in parts.values():
        _finish(part)
    write_safely(
        out / "report.html",
        ENVIRONMENT.get_template("report.html").render(
            style=style(),
            when=f"{datetime.now():%d %B %Y, %H:%M}",
            sandboxed=sandboxed,
            failed=list(failed),
            unmatched=list(unmatched),
            parts=[parts[name] for name in sorted(parts)],
            long_enough=alike.LONG_ENOUGH,
        ),
    )
    return out / "report.html", lines


def row_of(result, marks):
    """One row of marks.csv, from a result and what the gradebook has of it (or None)."""
    score = marks["score"] - (marks["penalty"] or 0) if marks else result["score"]
    graded = marks["cells"] if marks else {}
    cells = {
        part["grade_id"]: graded.get(part["grade_id"], {}).get("score", part["points"])
        for part in [*result["checks"], *result["written"]]
    }
    waiting = [
        part["grade_id"]
        for part in result["written"]
        if (graded[part["grade_id"]]["needs_manual_grade"] if part["grade_id"] in graded else part["points"] is None)
    ]
    return {
        "student": result["student"],
        "name": result["name"],
        "assignment": result["assignment"],
        "score": max(0.0, score),
        "max_score": result["max_score"],
        "automatic": result["score"],
        "to_grade": bool(marks["needs_manual_grade"]) if marks else bool(waiting),
        "status": result["status"],
        "late": result["late"],
        "reason": result["reason"] or "",
        "cells": cells | dict.fromkeys(waiting),
        "origin": result.get("origin", {}),
        "page": f"feedback/{result['student']}/{result['assignment']}/{result['assignment']}.html",
    }


def _add(part, result, line):
    """Count one result in; keeps a few numbers of it, not the result."""
    usage = result["usage"]
    part["rows"].append(
        {
            **line,
            "seconds": usage["seconds"],
            "memory": usage.get("peak_memory", 0) / 2**20,
            "notes": [text for _, text in result["notes"]],
            "link": quote(line["page"]),
        }
    )
    recognised = set()
    for check in result["checks"]:
        about = ABOUT.get(check["grade_id"], check["grade_id"])
        part["worth"][about] = check["max_points"]
        part["lost"][about] += check["max_points"] - check["points"]
        for verdict in check["verdicts"]:
            recognised.update(mistake_names(verdict))
    part["mistakes"].update(recognised)
    part["answers"][result["student"]] = {cell: alike.normalise(code) for cell, code in result["answers"].items()}


def _finish(part):
    scores = [row["score"] for row in part["rows"]]
    part["rows"].sort(key=lambda row: row["student"])
    part["mean"], part["median"] = mean(scores), median(scores)
    part["open"] = sum(row["to_grade"] for row in part["rows"])
    part["mistakes"] = part["mistakes"].most_common()
    row = {row["student"]: row for row in part["rows"]}
    part["groups"] = [
        {**group._asdict(), "rows": [row[student] for student in group.students]}
        for group in alike.groups(part.pop("answers"))
    ]
    part["figures"] = [
        _marks_figure(scores, part["max_score"]),
        _lost_figure(part["lost"], part["worth"], len(scores)),
        _usage_figure(part["rows"]),
    ]


# --- figures ----------------------------------------------------------------------------


def _image(figure, alt):
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return {"data": "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode(), "alt": alt}


def _marks_figure(scores, most):
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    axes = figure.subplots()
    bins = [i - 0.5 for i in range(int(most) + 2)]
    axes.hist(scores, bins=bins, color=BLUE, edgecolor="white")
    axes.set(xlabel="points", ylabel="students", title="Marks", xlim=(-0.5, int(most) + 0.5))
    axes.yaxis.get_major_locator().set_params(integer=True)
    return _image(figure, f"Histogram of marks: {len(scores)} students, median {median(scores):g} of {most:g} points.")


def _lost_figure(lost, worth, students):
    names = [name for name, _ in sorted(lost.items(), key=lambda item: item[1] / max(worth[item[0]], 1e-9))]
    figure = Figure(figsize=(7, 0.9 + 0.35 * max(1, len(names))), layout="constrained")
    axes = figure.subplots()
    shares = [100 * lost[name] / max(worth[name] * students, 1e-9) for name in names]
    axes.barh(names, shares, color=VERMILION, hatch="//", edgecolor="white")
    axes.set(xlabel="points lost, per cent of what the check is worth", xlim=(0, 100), title="Where points were lost")
    worst = f"most in: {names[-1]}, {shares[-1]:.0f} %" if names else "there are no checks"
    return _image(figure, f"Bar chart of the points lost in each check; {worst}.")


def _usage_figure(rows):
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    for status, colour, marker in (("graded", BLUE, "o"), ("stopped", VERMILION, "x"), ("unreadable", GREY, "^")):
        points = [(row["seconds"], row["memory"]) for row in rows if row["status"] == status]
        if points:
            axes.scatter(*zip(*points), color=colour, marker=marker, label=status)
    axes.set(xlabel="seconds", ylabel="memory at most, MB", title="Time and memory")
    axes.legend(frameon=False)
    slowest = max(row["seconds"] for row in rows)
    return _image(figure, f"Scatter plot of time against memory for each submission; the slowest took {slowest:.0f} s.")
