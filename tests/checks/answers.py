"""Wrong and right answers to all exercises, and the files that settle what the checks say of one."""

from pathlib import Path

import kill_matrix

import vaelab

MUTANTS = [a for exercise in kill_matrix.EXERCISES for a in kill_matrix.answers("mutants", exercise)]
VARIANTS = [a for exercise in kill_matrix.EXERCISES for a in kill_matrix.answers("variants", exercise)]


def label(answer):
    return f"{answer.exercise}/{answer.name}"


def judging(exercise):
    """The files that settle what the checks say of an answer: the library, without explorer, doctor and what judges other exercises."""
    yield from (Path(kill_matrix.__file__), Path(__file__))
    library = Path(vaelab.__file__).parent
    other = {"doctor", "explorer", *kill_matrix.EXERCISES} - {exercise}
    for path in sorted(library.rglob("*")):
        within = path.relative_to(library)
        if path.is_file() and "__pycache__" not in within.parts and not other & {*within.with_suffix("").parts}:
            yield path


def about_answer(answer):
    return [*judging(answer.exercise), answer.path]


def about_exercise(exercise):
    return [*judging(exercise), *(a.path for a in VARIANTS if a.exercise == exercise)]
