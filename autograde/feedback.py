"""A page for each student, made from the result and from what a person graded since.

Nothing of a test's source is in a result, so none can be in a page; everything that a
student could have written is escaped.
"""

import base64
import hashlib
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from nbconvert.filters import markdown2html

from autograde.cells import stem_of
from autograde.inert import inert
from autograde.ledger import write_safely
from autograde.marks import page_of
from autograde.result import Result
from vaelab.checks.judge.catalogue import BY_ID as MISTAKES
from vaelab.checks.points import BY_ID as CHECKS
from vaelab.checks.points import grade_id

TEMPLATES = Path(__file__).resolve().parent / "templates"
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
)
ENVIRONMENT.filters["code"] = lambda text: Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))
ENVIRONMENT.filters["comment"] = lambda text: Markup(
    markdown2html(inert(text, links=True))
)  # as formgrader says that it may be written
ABOUT = {grade_id(check.id): check.about for check in CHECKS.values()}


def style() -> str:
    """The style sheet of all pages that the grader writes."""
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


def policy(script: str = "") -> str:
    """The content-security policy of a page: its own style, pictures that stand in it, and this ``script``, if it has one.

    No other script, no request, no form.
    """
    allowed = f"default-src 'none'; style-src {_source(style())}; img-src data:; base-uri 'none'; form-action 'none'"
    return f"{allowed}; script-src {_source(script)}" if script else allowed


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


ENVIRONMENT.globals["policy"] = policy()


def mistake_names(verdict: Mapping[str, Any]) -> list[str]:
    """Names of the mistakes that a verdict recognised."""
    return [MISTAKES[known].name for known in (verdict.get("mistake"), verdict.get("also")) if known in MISTAKES]


def questions(notebook: str | Path) -> dict[str, str]:
    """``{grade_id: how the question before it begins}`` for the cells of an autograded notebook (a path); of a task, its first line."""
    found, before = {}, ""
    for cell in json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]:
        marked, source = cell["metadata"].get("nbgrader"), "".join(cell["source"])[:2000]
        if marked and marked.get("task"):
            first = next((line.strip("# *") for line in source.splitlines() if line.strip("# *")), "")
            if first and "MARK SCHEME" not in first:  # which may stand below, and is not for students
                found[marked["grade_id"]] = textwrap.shorten(first, 80, placeholder=" …")
        elif marked and before:
            found[marked["grade_id"]] = before
        text = re.sub(r"^#.*$|[$*]", "", source, flags=re.MULTILINE)
        before = "" if marked or cell["cell_type"] != "markdown" else textwrap.shorten(text, 80, placeholder=" …")
    return found


def _told(verdict: Mapping[str, Any]) -> bool:
    """Whether its message says already what was got and what was expected."""
    said = [value.removesuffix(" nats") for value in (verdict["got"], verdict["expected"]) if value]
    return all(re.search(rf"(?<![\w.-]){re.escape(value)}(?!\.?\w)", verdict["message"]) for value in said)


def page(
    result: Result,
    marks: Mapping[str, Any] | None = None,
    asked: Mapping[str, str] | None = None,
    news: Sequence[str] = (),
) -> str:
    """The HTML page of one result.

    ``marks`` is this student's entry of :meth:`autograde.gradebook.Writer.marks`, where
    there is one: its points win, because a person may have changed them. ``asked`` is
    what :func:`questions` found; ``news`` are sentences that come first.
    """
    cells = marks["cells"] if marks else {}
    checks, explained, messages = [], set(), set()
    for check in result["checks"]:
        cell = cells.get(check["grade_id"], {})
        verdicts = []
        for verdict in check["verdicts"]:
            name = " and ".join(mistake_names(verdict))
            verdict = {"got": None, "expected": None, "next_step": None, "taught": None, **verdict}
            verdicts.append(
                {
                    **verdict,
                    "mistake_name": name,
                    "again": name in explained,
                    "repeated": verdict["message"] in messages,
                    "told": _told(verdict),
                }
            )
            explained |= {name} - {""}
            if not verdict["passed"]:
                messages.add(verdict["message"])
        checks.append(
            {
                **check,
                "about": ABOUT.get(check["grade_id"], check["grade_id"]),
                "overridden": cell.get("manual", False),
                # Where it did not, its reason is the notebook's.
                "ran": check["reason"] is None or check["reason"] != result["reason"],
                "points": cell.get("score", check["points"]),
                "verdicts": verdicts,
            }
        )
    written = []
    for answer in result["written"]:
        cell = cells.get(answer["grade_id"], {})
        state = (
            "graded"
            if cell.get("manual")
            else "to be read"
            if answer["points"] is None
            else "not read"
            if result["status"] == "unreadable"
            else "not answered"
        )
        written.append(
            {
                **answer,
                "state": state,
                "question": (asked or {}).get(answer["grade_id"], answer["grade_id"]),
                "points": None if state == "to be read" else cell.get("score", answer["points"]),
                "comment": cell.get("comment")
                if cell.get("comment") not in (result["reason"], "No response.")
                else None,
            }
        )
    shown = {answer["grade_id"] for answer in result["written"]}
    comments = [
        (name, cell["comment"])
        for name, cell in cells.items()
        if cell.get("comment") and name not in shown and cell["comment"] != result["reason"]
    ]
    score = sum(part["points"] or 0 for part in [*checks, *written])
    penalty = marks["penalty"] if marks else 0
    when = result.get("timestamp")
    submitted = f"{datetime.fromisoformat(when):%d %B %Y, %H:%M} UTC" if when else None
    return ENVIRONMENT.get_template("feedback.html").render(
        style=style(),
        result=result,
        news=news,
        checks=checks,
        written=written,
        comments=comments,
        submitted=submitted,
        score=max(0, score - (penalty or 0)),
        penalty=penalty,
        open=sum(answer["points"] is None for answer in written),
        repairs=[text for _, text in result["notes"]],
    )


def write_page(
    out: str | Path, result: Result, marks: Mapping[str, Any] | None = None, news: Sequence[str] = ()
) -> None:
    """Write the page of a notebook (:func:`autograde.marks.page_of`), with what nbgrader's exchange wants beside it."""
    page_path = Path(out) / page_of(result)
    name = result["assignment"]
    notebook = Path(out) / "results" / result["student"] / name / f"{stem_of(name)}.ipynb"
    write_safely(page_path, page(result, marks, questions(notebook), news))
    for name, text in result.get("receipt", {}).items():  # `nbgrader release_feedback` asks for them
        write_safely(page_path.with_name(name), text)
