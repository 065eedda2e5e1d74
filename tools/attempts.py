"""What each attempt of the trials is told: every wrong and right answer that a trial met, against visible and hidden checks.

    python tools/attempts.py                        write docs/attempts.md
    python tools/attempts.py --exercise make_vae    print the table of one exercise
    python tools/attempts.py FILE ...               print the table of any answers, by path: .../make_vae/mine.py

An attempt is a file in ``tests/attempts``, an answer as people write them, with lines ``# origin: where from`` and
``# verdict: right`` or ``wrong``; or one in ``tests/mutants`` or ``tests/variants`` with a line ``# trial: where``. The
former, and files given by path, are run as a cell of their notebook would be, with its own imports around them.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import vaelab.quiet  # noqa: F401, before Keras

import kill_matrix
import release

from vaelab.checks import judge, points

PROJECT = Path(__file__).resolve().parent.parent
OUT = PROJECT / "docs" / "attempts.md"
SEED = 20


class Attempt(NamedTuple):
    name: str
    origin: str
    right: bool | None  # None if nobody said
    load: Callable[[], Callable]


def header(path: Path) -> dict[str, str]:
    """What the first lines of an answer say: ``{"origin": ..., "verdict": ..., "trial": ...}``, as far as they do."""
    said = {}
    for line in path.read_text(encoding="utf-8").splitlines()[:4]:
        key, colon, value = line.removeprefix("# ").partition(":")
        if colon and line.startswith("# "):
            said[key] = value.strip()
    return said


def written(path: Path) -> Attempt:
    """An answer as somebody wrote it, to be run as a cell."""
    said = header(path)
    right = {"right": True, "wrong": False}.get(said.get("verdict", ""))
    return Attempt(path.stem, said.get("origin", ""), right, lambda: as_a_cell(path))


def attempts(exercise: str) -> Iterator[Attempt]:
    """All attempts of the trials at one exercise."""
    yield from map(written, sorted((PROJECT / "tests" / "attempts" / exercise).glob("*.py")))
    for kind in ("mutants", "variants"):
        for answer in kill_matrix.answers(kind, exercise):
            if trial := header(answer.path).get("trial"):
                yield Attempt(answer.name, trial, kind == "variants", answer.load)


def as_a_cell(path: Path) -> Callable:
    """The function that an answer defines, with the imports of its notebook's first cell around it."""
    exercise = path.resolve().parent.name
    assignment = kill_matrix.EXERCISES[exercise]
    notebook = release.read_source(PROJECT / "solutions" / assignment / f"{assignment}.py")
    names: dict = {"__name__": "__main__"}
    exec(next(cell.source for cell in notebook.cells if cell.cell_type == "code"), names)
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names[exercise]


def messages(target: Callable, exercise: str) -> tuple[int, int, dict[str, list[str]]]:
    """``(points earned, points, {message and next step: [checks]})``."""
    earned, said = 0, {}
    listed = points.of_exercise(exercise)
    for check in listed:
        verdict = judge.judge(check.id, target, seed=SEED)
        if verdict["passed"]:
            earned += check.points
        else:
            text = f"{verdict['message']} → {verdict['next_step'] or ''}"
            said.setdefault(text, []).append(check.id.split(".")[1] + " (hidden)" * check.hidden)
    return earned, sum(check.points for check in listed), said


def rows(attempt: Attempt, exercise: str) -> list[str]:
    """Lines of the table for one attempt: the points, then each thing that it is told, once."""
    earned, total, said = messages(attempt.load(), exercise)
    right = {True: "right", False: "wrong", None: ""}[attempt.right]
    head = f"| {attempt.name} | {attempt.origin.replace('|', '&#124;')} | {right} | {earned} of {total} |"
    if not said:
        return [f"{head} | all checks pass |"]
    lines = []
    for text, checks in said.items():
        lines.append(f"{head} {', '.join(checks)} | {text.replace('|', '&#124;')} |")
        head = "| | | | |"
    return lines


def table(exercise: str) -> str:
    """Markdown for all attempts at one exercise; empty if there are none."""
    lines = [line for attempt in attempts(exercise) for line in rows(attempt, exercise)]
    head = [
        "| attempt | origin | verdict | points | check | what it is told → next step |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([f"## {exercise}", "", *head, *lines]) if lines else ""


def document(tables: list[str]) -> str:
    """The whole file."""
    return "\n\n".join(filter(None, [HEAD, *tables])) + "\n"


HEAD = """# Attempts at the exercises, and what the checks say of them

Made by `make attempts`; do not edit. Each row of the tables is an answer that somebody tried on the exercise, with all
of its checks, the hidden ones too: its origin (a kind of text that such answers come from, or a finding of a trial), whether it
is right, the points it gets, and every message with its next step. A message that several checks give is listed once."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="*", type=Path, help="answers to run in place of those of the trials")
    parser.add_argument("--exercise", choices=kill_matrix.EXERCISES, help="only this one, printed")
    options = parser.parse_args()
    if options.file:
        for path in options.file:
            print(*rows(written(path), path.resolve().parent.name), sep="\n", flush=True)
    elif options.exercise:
        print(table(options.exercise))
    else:
        OUT.write_text(document([table(exercise) for exercise in kill_matrix.EXERCISES]), encoding="utf-8")


if __name__ == "__main__":
    main()
