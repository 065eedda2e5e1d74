"""Grade honest classes of courses that know nothing of this project, with stock nbgrader and with this grader, and compare.

    python tools/compare_marks.py                              60 students of each course; writes docs/foreign_courses.md
    python tools/compare_marks.py --course plain               one course; its row is written anew
    python tools/compare_marks.py --students 5 --course plain  a smaller class; nothing is written

The courses are the folders of tests/autograde/courses: ``source`` as an instructor has it, with notebooks as percent scripts, ``answers/GRADE_ID/`` with what students wrote in a cell, right and wrong, and ``beside/`` with modules of
their own, which an answer may import. A student is a choice of answers, the same in every run; the stub is one of them.

Marks are those of nbgrader's gradebook, cell by cell, before any person has read an answer. Seconds are the processors' (user and
system, with all processes that were started), which other programs on the machine change little, and wall-clock.
"""

import argparse
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory

from autograde.course import PROJECT, nbgrader_config
from autograde.dispatch import default_workers

# nbgrader starts `alembic` by name.
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]

COURSES = PROJECT / "tests" / "autograde" / "courses"
TABLE = PROJECT / "docs" / "foreign_courses.md"
NAMES = sorted(path.name for path in COURSES.iterdir() if path.is_dir())

#: Students of each course, where the page is written.
STUDENTS = 60

#: ``(student, assignment, notebook, cell)``.
Key = tuple[str, str, str, str]
Marks = dict[Key, float | None]


@dataclass
class Run:
    """What grading a class gave, and what it took, in seconds."""

    marks: Marks
    processor: float
    wall: float


# --- a course and its class --------------------------------------------------------------


def build(names: Sequence[str], folder: Path) -> list[str]:
    """Lay courses out in ``folder``, as one, release it with nbgrader, and return the names of its assignments."""
    assignments = []
    for name in names:
        for path in sorted((COURSES / name).glob("*.py")):
            shutil.copyfile(path, folder / path.name)
        source = COURSES / name / "source"
        for path in sorted(path for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"):
            target = folder / "source" / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".py" and "# %%" in path.read_text(encoding="utf-8"):
                nbformat.write(jupytext.read(path), target.with_suffix(".ipynb"))
            else:
                shutil.copyfile(path, target)
        assignments += sorted(path.name for path in source.iterdir())
    for assignment in assignments:
        release(folder, assignment)
    return assignments


def release(folder: Path, assignment: str) -> None:
    """Release an assignment of the course in ``folder`` with nbgrader, which enters it into the gradebook there."""
    config = nbgrader_config(folder)
    config.CourseDirectory.root, config.CourseDirectory.db_url = str(folder), f"sqlite:///{folder}/gradebook.db"
    GenerateAssignment(coursedir=CourseDirectory(config=config, assignment_id=assignment), config=config).start()


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run a command of nbgrader in a course's folder. Raises RuntimeError where that fails."""
    done = subprocess.run(["nbgrader", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"nbgrader {' '.join(arguments)}:\n{done.stderr[-3000:]}")


def answers(assignment: str) -> tuple[dict[str, dict[str, str]], list[Path]]:
    """What students wrote, ``{grade id: {name of the answer: text}}``, and modules of their own."""
    course = next(COURSES / name for name in NAMES if (COURSES / name / "source" / assignment).is_dir())
    found: dict[str, dict[str, str]] = {}
    for path in sorted((course / "answers").glob("*/*.*")):
        found.setdefault(path.parent.name, {})[path.stem] = path.read_text(encoding="utf-8")
    return found, sorted((course / "beside").glob("*.py"))


def hand_in(folder: Path, students: int) -> None:
    """A class in nbgrader's ``submitted``, from what was released."""
    for number in range(students):
        for released in sorted((folder / "release").glob("*/*.ipynb")):
            assignment = released.parent.name
            place = folder / "submitted" / f"student_{number:02d}" / assignment
            if not place.exists():
                shutil.copytree(released.parent, place)
            published = _published(folder / "source" / assignment / released.name)
            notebook = answered(nbformat.read(released, as_version=4), assignment, published, number)
            nbformat.write(notebook, place / released.name)
            text = "\n".join(cell.source for cell in notebook.cells)
            for own in answers(assignment)[1]:
                if re.search(rf"\b(from|import) {own.stem}\b", text):
                    shutil.copyfile(own, place / own.name)


def answered(
    notebook: nbformat.NotebookNode, assignment: str, published: Mapping[str, str], number: int
) -> nbformat.NotebookNode:
    """What the student of this number made of a released notebook: some are able, some have cells of their own."""
    possible, _ = answers(assignment)
    able = random.Random(number).random()
    rng = random.Random(f"{assignment} {number} {len(notebook.cells)}")
    for cell in notebook.cells:
        cell_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell_id in possible:
            wrote = rng.choice([None, *possible[cell_id].values()])
            if rng.random() < able:
                wrote = published.get(cell_id, wrote)
            cell.source = wrote or cell.source
    if rng.random() < 0.3:
        at = rng.randrange(1, len(notebook.cells) + 1)
        notebook.cells.insert(at, nbformat.v4.new_code_cell("total = sum(range(10))\nprint(total)"))
    return notebook


def _published(path: Path) -> dict[str, str]:
    """The solutions of a source notebook, by grade id."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if "### BEGIN SOLUTION" in cell.source and cell.metadata.get("nbgrader", {}).get("solution"):
            kept = [
                line
                for line in cell.source.splitlines()
                if "# BEGIN SOLUTION" not in line and "# END SOLUTION" not in line
            ]
            found[cell.metadata["nbgrader"]["grade_id"]] = "\n".join(kept)
    return found


# --- graders -----------------------------------------------------------------------------


def marks(database: Path) -> Marks:
    """The automatic marks in a gradebook."""
    with Gradebook(f"sqlite:///{database}", "any") as gradebook:
        return {
            (submission.student.id, assignment.name, notebook.name, grade.name): grade.auto_score
            for assignment in gradebook.assignments
            for submission in assignment.submissions
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def stock(folder: Path, assignments: list[str]) -> Run:
    """Stock nbgrader's marks, in the course's own gradebook."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for assignment in assignments:
        nbgrader(folder, "autograde", assignment, "--create", "--ExecutePreprocessor.timeout=600")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(marks(folder / "gradebook.db"), spent, time.monotonic() - started)


#: Grades, and says on the last line what processors did for it: fork servers are alive until the process ends.
OURS = """
import contextlib, resource, sys, time
import psutil
from autograde.cli import main
from autograde.isolation import pool
from autograde.isolation.watch import processes

status = main(sys.argv[1:])
servers = 0.0
for pid in [pid for one in pool._nurseries.of.values() for pid in processes(one.process.pid)]:
    with contextlib.suppress(psutil.NoSuchProcess):
        servers += sum(psutil.Process(pid).cpu_times()[:4])  # user and system, of the process and of its children
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"\\nSPENT {servers + time.process_time() + children.ru_utime + children.ru_stime}")
sys.exit(status)
"""


def ours(folder: Path) -> Run:
    """This grader's marks, in a folder of its own, from the same submissions."""
    command = ["grade", "submitted", "--course", ".", "--out", "graded"]
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", OURS, *command], cwd=folder, capture_output=True, text=True)
    wall = time.monotonic() - started
    if done.returncode != 0:
        raise RuntimeError(f"autograde:\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
    spent = float(re.findall(r"^SPENT (\S+)$", done.stdout, re.MULTILINE)[-1])
    return Run(marks(folder / "graded" / "gradebook.db"), spent, wall)


def differences(one: Marks, other: Marks) -> list[str]:
    """Cells with other marks, as sentences."""
    return [
        f"{' / '.join(key)}: stock nbgrader {one.get(key, 'nothing')}, this grader {other.get(key, 'nothing')}"
        for key in sorted({*one, *other})
        if one.get(key, "nothing") != other.get(key, "nothing")
    ]


def compared(name: str, students: int) -> tuple[Run, Run]:
    """Both graders on one class of a course."""
    with tempfile.TemporaryDirectory(prefix="course-") as temporary:
        folder = Path(temporary)
        assignments = build([name], folder)
        hand_in(folder, students)
        return stock(folder, assignments), ours(folder)


# --- the page ----------------------------------------------------------------------------

HEAD = """# Courses that know nothing of this project, through stock nbgrader and through this grader

Written by `python tools/compare_marks.py`: {students} honest students of each course in `tests/autograde/courses`, with answers of all
qualities. Compared is the automatic mark of every cell in nbgrader's gradebook. Seconds of processor time are user and system time of all
processes, from an empty folder to the gradebook, without and with the sandbox's start; the wall-clock of both graders depends on what else
the machine does. This grader had as many workers as it takes by itself: {workers}.

| course | notebooks | marks compared | different | stock: processor s | here: processor s | ratio | stock: wall s | here: wall s | ratio |
|---|---|---|---|---|---|---|---|---|---|
"""


def row(name: str, stocks: Run, mine: Run) -> str:
    notebooks = len({key[:3] for key in stocks.marks})
    return (
        f"| {name} | {notebooks} | {len(stocks.marks)} | {len(differences(stocks.marks, mine.marks))} "
        f"| {stocks.processor:.1f} | {mine.processor:.1f} | {stocks.processor / mine.processor:.1f} "
        f"| {stocks.wall:.1f} | {mine.wall:.1f} | {stocks.wall / mine.wall:.1f} |"
    )


def known() -> dict[str, str]:
    """The rows that the page has already, by course."""
    lines = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.is_file() else []
    return {name: line for line in lines for name in NAMES if line.startswith(f"| {name} |")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--course", choices=NAMES, nargs="+", default=NAMES)
    parser.add_argument("--students", type=int, default=STUDENTS)
    options = parser.parse_args()
    rows, wrong = known(), []
    for name in options.course:
        stocks, mine = compared(name, options.students)
        rows[name] = row(name, stocks, mine)
        wrong += differences(stocks.marks, mine.marks)
        print(rows[name], *differences(stocks.marks, mine.marks), sep="\n", flush=True)
        if options.students == STUDENTS:
            lines = [rows[one] for one in NAMES if one in rows]
            TABLE.write_text(
                HEAD.format(students=STUDENTS, workers=default_workers()) + "\n".join(lines) + "\n", encoding="utf-8"
            )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
