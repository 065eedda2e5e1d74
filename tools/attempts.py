"""What each attempt of the trials is told: every wrong and right answer that a trial met, against visible and hidden checks.

    python tools/attempts.py                        write docs/attempts.md
    python tools/attempts.py --exercise make_vae    print the table of one exercise
    python tools/attempts.py FILE ...               print the table of any answers, by path: .../make_vae/mine.py

An attempt is a file in ``tests/mutants`` or ``tests/variants`` with a line ``# trial: where``. A file
given by path is run as a cell of its notebook would be, with the notebook's own imports around it.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import vaelab.quiet  # noqa: F401, before Keras

import kill_matrix
import release

from vaelab.checks import judge, points

PROJECT = Path(__file__).resolve().parent.parent
OUT = PROJECT / "docs" / "attempts.md"
SEED = 20


def trial_of(path):
    """Where an answer comes from, by its header; None for one that belongs to no trial."""
    lines = path.read_text(encoding="utf-8").splitlines()[:3]
    return next((line.removeprefix("# trial:").strip() for line in lines if line.startswith("# trial:")), None)


def as_a_cell(path):
    """The function that an answer defines, with the imports of its notebook's first cell around it."""
    exercise = path.resolve().parent.name
    assignment = kill_matrix.EXERCISES[exercise]
    notebook = release.read_source(PROJECT / "solutions" / assignment / f"{assignment}.py")
    names = {"__name__": "__main__"}
    exec(next(cell.source for cell in notebook.cells if cell.cell_type == "code"), names)
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names[exercise]


def messages(target, exercise):
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


def rows(name, trial, target, exercise):
    """Lines of the table for one attempt: the points, then each thing that it is told, once."""
    earned, total, said = messages(target, exercise)
    head = f"| {name} | {trial or ''} | {earned} of {total} |"
    if not said:
        return [f"{head}  | all checks pass |"]
    lines = []
    for text, checks in said.items():
        lines.append(f"{head} {', '.join(checks)} | {text.replace('|', '&#124;')} |")
        head = "| | | |"
    return lines


def table(exercise):
    """Markdown for all attempts at one exercise."""
    lines = [
        f"## {exercise}",
        "",
        "| attempt | trial | points | check | what it is told → next step |",
        "|---|---|---|---|---|",
    ]
    for kind in ("mutants", "variants"):
        for answer in kill_matrix.answers(kind, exercise):
            if trial := trial_of(answer.path):
                lines += rows(answer.name, trial, answer.load(), exercise)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="*", type=Path, help="answers to run in place of those of the trials")
    parser.add_argument("--exercise", choices=kill_matrix.EXERCISES, help="only this one, printed")
    options = parser.parse_args()
    if options.file:
        for path in options.file:
            print(*rows(path.stem, trial_of(path), as_a_cell(path), path.resolve().parent.name), sep="\n", flush=True)
        return
    if options.exercise:
        print(table(options.exercise))
        return
    head = "# What the attempts of the trials are told\n\nMade by `make attempts`; do not edit. " + " ".join(
        (__doc__ or "").split("\n\n")[-1].split()
    )
    OUT.write_text(
        "\n\n".join([head, *(table(exercise) for exercise in kill_matrix.EXERCISES)]) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
