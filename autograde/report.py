"""What the instructor gets: one HTML page with plots, and marks as CSV."""

import base64
import csv
import io
import re
import tokenize
import unicodedata
from collections import Counter
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

from matplotlib.figure import Figure
from rapidfuzz import fuzz, process

from autograde.feedback import ABOUT, ENVIRONMENT, mistake_names, style, write_page
from autograde.ledger import write_safely

BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#777777"  # Okabe-Ito

#: Answers at least this alike (per cent), and at least this long (characters), are listed.
ALIKE, LONG_ENOUGH, MOST_PAIRS = 95, 100, 50


def write_all(out, rows, marks, failed=(), unmatched=()):
    """Write feedback, CSV files and the report of an output folder; returns the report's path and the rows of marks.csv.

    ``rows`` yields results (as in result.json), one at a time; ``marks`` maps each
    assignment to :meth:`autograde.gradebook.Writer.marks`.
    """
    out = Path(out)
    lines, parts, sandboxed = [], {}, True
    for result in rows:
        mine = marks.get(result["assignment"], {}).get(result["student"])
        write_page(out, result, mine)
        line = _line(result, mine)
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
    _csv(out / "marks.csv", lines)
    for part in parts.values():
        _finish(part)
        mine = [line for line in lines if line["assignment"] == part["name"]]
        _canvas(out / f"canvas_{part['name']}.csv", part, mine)
        _moodle(out / f"moodle_{part['name']}.csv", part, mine)
    write_safely(
        out / "report.html",
        ENVIRONMENT.get_template("report.html").render(
            style=style(),
            when=f"{datetime.now():%d %B %Y, %H:%M}",
            sandboxed=sandboxed,
            failed=list(failed),
            unmatched=list(unmatched),
            parts=[parts[name] for name in sorted(parts)],
            long_enough=LONG_ENOUGH,
        ),
    )
    return out / "report.html", lines


def _line(result, marks):
    """One row of marks.csv."""
    score = marks["score"] - (marks["penalty"] or 0) if marks else result["score"]
    return {
        "student": result["student"],
        "name": result["name"],
        "assignment": result["assignment"],
        "score": max(0.0, score),
        "max_score": result["max_score"],
        "automatic": result["score"],
        "to_grade": bool(marks and marks["needs_manual_grade"])
        if marks
        else any(answer["points"] is None for answer in result["written"]),
        "status": result["status"],
        "late": result["late"],
        "reason": result["reason"] or "",
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
            "link": quote(f"feedback/{result['student']}/{result['assignment']}/{result['assignment']}.html"),
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
    part["answers"][result["student"]] = {cell: normalise(code) for cell, code in result["answers"].items()}


def _finish(part):
    scores = [row["score"] for row in part["rows"]]
    part["rows"].sort(key=lambda row: row["student"])
    part["mean"], part["median"] = mean(scores), median(scores)
    part["open"] = sum(row["to_grade"] for row in part["rows"])
    part["mistakes"] = part["mistakes"].most_common()
    part["pairs"] = similar(part.pop("answers"))
    part["figures"] = [
        _marks_figure(scores, part["max_score"]),
        _lost_figure(part["lost"], part["worth"], len(scores)),
        _usage_figure(part["rows"]),
    ]


# --- similarity -------------------------------------------------------------------------


def normalise(code):
    """Code without comments, layout and blank lines; as it is where it is not Python."""
    skip = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    try:
        return " ".join(t.string for t in tokenize.generate_tokens(io.StringIO(code).readline) if t.type not in skip)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return " ".join(code.split())


def similar(answers):
    """The most alike pairs of students, per solution cell: ``answers`` is {student: {cell: code}}."""
    pairs = []
    for cell in sorted({cell for mine in answers.values() for cell in mine}):
        students = [s for s, mine in sorted(answers.items()) if len(mine.get(cell, "")) >= LONG_ENOUGH]
        texts = [answers[student][cell] for student in students]
        for i, text in enumerate(texts):
            found = process.extract(text, texts[i + 1 :], scorer=fuzz.ratio, score_cutoff=ALIKE, limit=MOST_PAIRS)
            pairs += [
                {"first": students[i], "second": students[i + 1 + j], "cell": cell, "ratio": ratio}
                for _, ratio, j in found
            ]
    return sorted(pairs, key=lambda pair: -pair["ratio"])[:MOST_PAIRS]


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


# --- CSV --------------------------------------------------------------------------------


def _text(value):
    """A value that no spreadsheet takes for a formula, nor for the end of a cell.

    Where commas are decimal points, semicolons separate cells, and the quotes around a value count for nothing. Full-width
    signs are signs in some countries.
    """
    value = " ".join(str(value).replace(";", ",").split())
    return f"'{value}" if re.match(r"\W*[=+\-@]", unicodedata.normalize("NFKC", value)) else value


def _write_csv(path, rows, mark=""):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    write_safely(path, mark + stream.getvalue())


def _csv(path, lines):
    columns = [
        "student",
        "name",
        "assignment",
        "score",
        "max_score",
        "automatic",
        "to_grade",
        "status",
        "late",
        "reason",
    ]
    _write_csv(
        path,
        [columns, *([_text(line[c]) if isinstance(line[c], str) else line[c] for c in columns] for line in lines)],
        mark="\ufeff",
    )  # or Excel takes it for another encoding


def _canvas(path, part, lines):
    """Canvas: Grades > Import. Students are found by ID; a new column becomes a new assignment."""
    _write_csv(
        path,
        [
            ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", part["name"]],
            ["    Points Possible", "", "", "", "", part["max_score"]],
            *(
                [_text(line["name"] or line["student"]), _text(line["student"]), "", "", "", line["score"]]
                for line in lines
            ),
        ],
    )


def _moodle(path, part, lines):
    """Moodle: the assignment's grading worksheet. It wants the column of dates, filled or not; an empty comment deletes Moodle's."""
    rows = [
        ["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)", "Feedback comments"],
        *(
            [
                _text(f"Participant {line['student']}"),
                _text(line["name"]),
                line["score"],
                part["max_score"],
                "",
                _text(line["reason"]),
            ]
            for line in lines
        ),
    ]
    _write_csv(path, rows if any(line["reason"] for line in lines) else [row[:-1] for row in rows])
