"""What the command line takes: the parser of ``python -m autograde``."""

import argparse
import math
from pathlib import Path

from autograde.dispatch import default_workers
from autograde.isolation.limits import MB, Limits
from autograde.watch import Rules


def parser():
    top = argparse.ArgumentParser(
        prog="python -m autograde", description="Grade a class: sandboxed, in parallel, resumable."
    )
    commands = top.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade a folder or a zip of submissions")
    grade.add_argument(
        "submissions",
        type=Path,
        metavar="SUBMISSIONS",
        help="nbgrader's submitted/ folder, a download from Moodle or Canvas, or a folder of notebooks",
    )
    grade.add_argument("--regrade", action="store_true", help="grade again even what has not changed")
    _add_grading(grade)
    _add_out_of(grade)
    watching = commands.add_parser(
        "watch",
        help="grade what arrives in a folder, as it arrives",
        description="Grade what arrives in a folder, as it arrives, and write each student's feedback at once: of hidden checks the "
        "name, and whether they passed. Stop with Ctrl-C; the same command goes on where it was.",
    )
    watching.add_argument(
        "submissions",
        type=Path,
        metavar="INBOX",
        help="the folder: inbound/ of nbgrader's exchange, submitted/, or any other that `grade` takes",
    )
    watching.add_argument(
        "--attempts",
        type=int,
        default=Rules.attempts,
        help="of a student at an assignment that are graded (default: %(default)s)",
    )
    watching.add_argument(
        "--pause",
        type=float,
        default=Rules.pause,
        metavar="SECONDS",
        help="between the first attempt and the next; doubles with each, up to an hour (default: %(default)g)",
    )
    _add_grading(watching)

    trial = commands.add_parser("demo", help="grade a small class that ships with the project, and open the report")
    trial.add_argument("--out", type=Path, default=Path("workspace", "demo"))
    _add_course(trial)
    trial.add_argument("--workers", type=int, help="submissions at a time")
    trial.add_argument("--no-browser", action="store_true", help="only say where the report is")
    commands.add_parser(
        "doctor", help="say which sandboxes work on this machine, and what to change for a stronger one"
    )
    feedback = commands.add_parser("feedback", help="write feedback, marks and report again, after grading by hand")
    feedback.add_argument("--out", type=Path, default=Path("workspace"))
    _add_course(feedback)
    feedback.add_argument("--db-url")
    _add_out_of(feedback)
    return top


def _add_grading(command):
    """What every command takes that grades submissions."""
    command.add_argument("--assignment", help="such as 02_vae; by default, each file says which it is")
    command.add_argument(
        "--out",
        type=Path,
        default=Path("workspace"),
        help="where results, gradebook, feedback and report go (default: %(default)s)",
    )
    _add_course(command)
    command.add_argument(
        "--workers",
        type=int,
        help="submissions at a time (default: one more than there are cores, as many as cores for notebooks whose graphs are "
        f"replayed, as far as there are 4 GB of memory for each; {default_workers()} and {default_workers(replays=True)} here); "
        "not with --scheduler",
    )
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="a Dask scheduler that is running already: tcp://host:8786"
    )
    command.add_argument(
        "--db-url", help="nbgrader's gradebook (default: OUT/gradebook.db); postgresql+psycopg://… works"
    )
    command.add_argument(
        "--memory",
        type=int,
        default=Limits.memory // MB,
        metavar="MB",
        help="memory that the processes of one submission may take together (default: %(default)s)",
    )
    command.add_argument(
        "--seconds", type=float, default=Limits.seconds, help="that one submission may run (default: %(default)g)"
    )
    command.add_argument(
        "--processes",
        type=int,
        default=Limits.processes,
        help="that one submission may have at a time (default: %(default)s)",
    )
    command.add_argument(
        "--output",
        type=int,
        default=Limits.output // MB,
        metavar="MB",
        help="that the cells of one submission may print and display (default: %(default)s)",
    )
    command.add_argument(
        "--roster",
        type=Path,
        metavar="CSV",
        help="list of students: a column `student`, and others with what an LMS calls them (Moodle: another number for each "
        "assignment)",
    )
    command.add_argument(
        "--no-sandbox", action="store_true", help="run students' code unprotected: only for code that you trust"
    )


def _add_course(command):
    command.add_argument(
        "--course",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="the course: its nbgrader_config.py, or assignments in FOLDER/source or FOLDER/solutions (default: the working directory)",
    )


def _add_out_of(command):
    command.add_argument(
        "--out-of",
        type=_out_of,
        action="append",
        default=[],
        metavar="[ASSIGNMENT=]POINTS",
        help="what an assignment counts in the LMS: marks for Canvas and Moodle are scaled to it",
    )


def _out_of(text):
    name, _, points = text.rpartition("=")
    try:
        if 0 < float(points) < math.inf:
            return name, float(points)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no number of points: 100, or 02_vae=20")
