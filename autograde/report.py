"""What the instructor gets: one HTML page that says first what has to be done, and marks as CSV."""

import base64
import io
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

from markupsafe import Markup

from autograde import alike, exports
from autograde.cells import folder_of
from autograde.feedback import ABOUT, ENVIRONMENT, TEMPLATES, mistake_names, policy, style, write_page
from autograde.items import Item, discrimination
from autograde.ledger import write_safely
from autograde.marks import key, of_notebook, row_of
from autograde.result import Result

BLUE, ORANGE = "#0072B2", "#E69F00"  # Okabe-Ito

#: A check that tells students apart less than this, or that fewer pass than this, is pointed out.
WEAK, HARD = 0.1, 0.25


@dataclass
class Part:
    """One assignment of the report. ``rows`` are those of :func:`autograde.marks.row_of`, by student."""

    name: str
    max_score: float
    rows: dict[str, dict] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    mistakes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: list[alike.Group] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return quote(self.name)

    @property
    def graded(self) -> list[dict]:
        """Rows of notebooks that ran to their end: a mean of others says nothing about the class."""
        return [row for row in self.rows.values() if row["status"] == "graded"]

    @property
    def summary(self) -> str:
        """Mean and median in a sentence, and who is not in them."""
        scores = [row["score"] for row in self.graded]
        left_out = len(self.rows) - len(scores)
        text = f"{len(self.rows)} submissions"
        if scores:
            of = f" of {self.max_score:g} points, over {len(scores)} that ran to their end"
            text += f"; mean {mean(scores):.2f}, median {median(scores):.2f}{of}"
        return f"{text}; {left_out} unreadable or stopped left out." if left_out and scores else f"{text}."

    def with_status(self, *statuses: str) -> list[dict]:
        return [row for row in self.rows.values() if row["status"] in statuses]

    def noted(self, kind: str) -> list[dict]:
        """Rows with a note of this kind, each with its texts."""
        found = [{**row, "texts": [text for k, text in row["notes"] if k == kind]} for row in self.rows.values()]
        return [row for row in found if row["texts"]]

    @property
    def commonest(self) -> list[str]:
        """Names of the recognised mistakes, those that most students made first."""
        return sorted(self.mistakes, key=lambda name: (-len(self.mistakes[name]), name))

    @property
    def waiting(self) -> list[dict]:
        return [row for row in self.rows.values() if row["to_grade"]]

    def table(self) -> list[dict]:
        """The items, numbered, each with what is to be said of it."""
        totals = {student: sum(p for p in row["cells"].values() if p is not None) for student, row in self.rows.items()}
        made = []
        for number, (name, item) in enumerate(self.items.items(), 1):
            tells = discrimination(item, totals)
            waits = any(
                row["cells"].get(name) is None for row in self.graded
            )  # empty answers have their 0 before others are read
            remarks = ["hard"] if item.share is not None and item.share < HARD and not waits else []
            remarks += ["tells little"] if tells is not None and tells < WEAK else []
            made.append({"number": number, "item": item, "discrimination": tells, "remarks": remarks})
        return made


def write_all(
    out: Path,
    rows: Iterable[Result],
    marks: Mapping[str, Mapping[str, dict]],
    failed: Sequence[dict] = (),
    unmatched: Sequence[tuple[str, str]] = (),
    out_of: Mapping[str, float] | None = None,
) -> tuple[Path, list[dict]]:
    """Write feedback, CSV files, zips and the report of an output folder; returns the report's path and the rows of marks.csv.

    ``rows`` yields results, one at a time, those of a student's assignment side by side; ``marks`` maps each notebook to :meth:`autograde.gradebook.Writer.marks`;
    ``out_of``: see :func:`autograde.exports.write_all`.
    """
    out = Path(out)
    lines: list[dict] = []
    parts: dict[str, Part] = {}
    sandboxes: Counter[str] = Counter()
    for (name, student), group in itertools.groupby(rows, lambda one: (folder_of(one["assignment"]), one["student"])):
        results = list(group)
        mine = [marks.get(result["assignment"], {}).get(student) for result in results]
        for result, graded in zip(results, mine):
            write_page(out, result, graded)
        lines.append(row_of(results, mine))
        sandboxes.update(result["sandbox"] for result in results)
        add(parts.setdefault(name, Part(name, lines[-1]["max_score"])), results, lines[-1])
    lines.sort(key=lambda line: (line["assignment"], line["student"]))
    exports.write_all(out, lines, out_of)
    write_safely(out / "report.html", render([parts[name] for name in sorted(parts)], failed, unmatched, sandboxes))
    return out / "report.html", lines


def add(part: Part, results: Sequence[Result], line: dict) -> None:
    """Count in what a student has for an assignment; keeps a few numbers of the results, not the results."""
    student = line["student"]
    part.rows[student] = {
        **line,
        "seconds": sum(result["usage"]["seconds"] for result in results),
        "memory": max(result["usage"].get("peak_memory", 0) for result in results) / 2**20,
        "notes": [[kind, text] for result in results for kind, text in of_notebook(result, results, result["notes"])],
        "links": [(quote(page), Path(page).stem) for page in line["pages"]],
        "code": sum(
            line["cells"][key(check, result, results)] or 0 for result in results for check in result["checks"]
        ),
    }
    part.answers[student] = {}
    recognised = set()
    for result in results:
        verdicts = [verdict for check in result["checks"] for verdict in check["verdicts"]]
        recognised |= {name for verdict in verdicts for name in mistake_names(verdict)}
        for one in [*result["checks"], *result["written"]]:
            name, grade_id = key(one, result, results), one["grade_id"]
            kind, hidden = str(one.get("kind", "written")), bool(one.get("hidden", False))
            about = name.removesuffix(grade_id) + ABOUT.get(grade_id, grade_id)
            item = part.items.setdefault(name, Item(name, about, kind, hidden, one["max_points"]))
            if line["cells"][name] is not None and result["status"] == "graded":
                item.points[student] = line["cells"][name]
        answers = {key({"grade_id": cell}, result, results): code for cell, code in result["answers"].items()}
        part.answers[student] |= {cell: alike.normalise(code) for cell, code in answers.items()}
    for name in sorted(recognised):
        part.mistakes[name].append(student)


def render(parts: Sequence[Part], failed: Sequence[dict], unmatched: Sequence, sandboxes: Mapping[str, int]) -> str:
    """The page. Nothing in it runs but the script that sorts and filters tables, which the page's policy names by its digest."""
    for part in parts:
        part.groups = alike.groups(part.answers)
        part.rows = dict(sorted(part.rows.items()))
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return ENVIRONMENT.get_template("report.html").render(
        style=style(),
        script=Markup(script),
        policy=policy(script),
        when=f"{datetime.now():%d %B %Y, %H:%M}",
        sandboxes=sandboxes,
        failed=list(failed),
        unmatched=list(unmatched),
        parts=parts,
        long_enough=alike.LONG_ENOUGH,
        figures={part.name: marks_figure(part) for part in parts},
    )


def marks_figure(part: Part) -> dict[str, str]:
    """Histograms of the points for code and, where there are some, for written answers; with a text that says the same."""
    from matplotlib.figure import Figure  # here: most starts of the grader draw nothing, and this takes half a second
    from matplotlib.ticker import MaxNLocator

    written = [item for item in part.items.values() if item.kind == "written" and item.points]
    code_worth = sum(item.worth for item in part.items.values() if item.kind != "written")
    code = [row["code"] for row in part.graded]
    panels = [("Code", code, code_worth, BLUE, "")]
    if written:
        students = {student for item in written for student in item.points}
        points = [sum(item.points.get(student, 0.0) for item in written) for student in sorted(students)]
        panels.append(("Written, as far as settled", points, sum(item.worth for item in written), ORANGE, "//"))
    figure = Figure(figsize=(4.2 * len(panels), 2.6), layout="constrained")
    texts = []
    for axes, (title, points, worth, colour, hatch) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels):
        step = max(1, round(worth / 25))
        axes.hist(
            points,
            [i * step - step / 2 for i in range(int(worth // step) + 2)],
            color=colour,
            hatch=hatch,
            edgecolor="white",
        )
        axes.set(title=title, xlabel=f"points of {worth:g}", ylabel="students")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        texts.append(
            f"{title}: {len(points)} {'student' if len(points) == 1 else 'students'}, median {median(points):g} of {worth:g} points"
            if points
            else title
        )
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    data = base64.b64encode(stream.getvalue()).decode()
    return {"data": f"data:image/png;base64,{data}", "alt": f"Histogram of marks. {'. '.join(texts)}."}
