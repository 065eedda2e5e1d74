"""How many submissions a minute, against stock `nbgrader autograde`?

    python benchmarks/grading.py [--size 60] [--repeats 1]
    python benchmarks/grading.py --soak 500 [--assignment 01_kl_term] [--output FILE]
    python benchmarks/grading.py --scaling
    python benchmarks/grading.py --plot

A class hands in the course's solution, two other right answers and a wrong one, over and over.
Our figure is the whole of a run, from an empty folder to nbgrader's gradebook: with the start
of everything, sandbox and judge on. Stock nbgrader grades the same notebooks on the same
machine; what a submission costs it does not depend on how many there are (they are graded one
after the other, each in a kernel of its own), so it grades the four different ones, and the
seconds before its first submission are not counted. Both must give right answers full marks.

``--soak`` grades one large class, ``--scaling`` small ones of several sizes with several numbers of
workers, in about five minutes; both are kept in ``docs/grading_bench.json`` and drawn in
``docs/grading_scaling.png``, which ``--plot`` draws again.
"""

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from table import Row, machine, markdown

from autograde import assignment

PROJECT = Path(__file__).resolve().parents[1]
RECORD, PLOT = PROJECT / "docs" / "grading_bench.json", PROJECT / "docs" / "grading_scaling.png"

#: By assignment: the exercise, and whose answers hand in (right, right, wrong; the course's own is added).
ANSWERS = {
    "01_kl_term": ("kl_term", ("variants/kl_term/ops", "variants/kl_term/std", "mutants/kl_term/sign__ops")),
    "02_vae": (
        "make_vae",
        (
            "variants/make_vae/compute_loss",
            "variants/make_vae/train_step",
            "mutants/make_vae/loss_pixel_mean__compute_loss",
        ),
    ),
    "03_conv_vae": (
        "make_conv_encoder",
        (
            "variants/make_conv_encoder/strides",
            "variants/make_conv_encoder/pooling",
            "mutants/make_conv_encoder/relu_mean__dense",
        ),
    ),
}
STAGES = ("intake", "kernel", "notebook", "probe", "judge", "write")


def answers(name):
    """Four notebooks as students hand them in; the first three are right."""
    source = jupytext.read(PROJECT / "solutions" / name / f"{name}.py")
    exercise, files = ANSWERS[name]
    made = []
    for file in (None, *files):
        notebook = nbformat.from_dict(source)
        for cell in notebook.cells:
            cell.id = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id
            if file and cell.id == exercise:
                cell.source = (PROJECT / "tests" / f"{file}.py").read_text(encoding="utf-8")
        made.append(nbformat.writes(notebook))
    return made


def hand_in(folder, name, size):
    """A class of ``size`` in nbgrader's layout."""
    notebooks = answers(name)
    for i in range(size):
        path = folder / f"student{i:03}" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebooks[i % len(notebooks)], encoding="utf-8")
    return folder


def points(database):
    """Automatic points of each student in a gradebook."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as gradebook:
        return dict(
            gradebook.execute(
                "select s.student_id, sum(g.auto_score) from grade g join submitted_notebook n on n.id = g.notebook_id "
                "join submitted_assignment s on s.id = n.assignment_id group by 1"
            )
        )


# --- stock nbgrader ---------------------------------------------------------------------


def stock(name):
    """Seconds that `nbgrader autograde` takes for each of the four, and their points."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'bench'\nc.ExecutePreprocessor.timeout = 300\n",
            encoding="utf-8",
        )
        (root / "source" / name).mkdir(parents=True)
        (root / "source" / name / f"{name}.ipynb").write_text(answers(name)[0], encoding="utf-8")
        hand_in(root / "submitted", name, 4)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("VAELAB_", "JUPYTER_"))}
        environment |= {
            "PATH": sysconfig.get_path("scripts") + os.pathsep + environment["PATH"],
            "JUPYTER_CONFIG_DIR": str(root / "jupyter"),
            "IPYTHONDIR": str(root / "ipython"),
        }
        subprocess.run(
            ["nbgrader", "generate_assignment", name], cwd=root, env=environment, check=True, capture_output=True
        )
        begun = []
        with subprocess.Popen(
            ["nbgrader", "autograde", name], cwd=root, env=environment, stderr=subprocess.PIPE, text=True
        ) as process:
            for line in process.stderr:
                if "Creating/updating student" in line:
                    begun.append(time.monotonic())
        ended = time.monotonic()
        if process.returncode != 0 or len(begun) != 4:
            raise RuntimeError(f"nbgrader graded {len(begun)} of 4 and ended with {process.returncode}")
        return [b - a for a, b in zip(begun, [*begun[1:], ended])], points(root / "gradebook.db")


# --- this grader ------------------------------------------------------------------------


def grade(folder, name, workers):
    """In a process of its own: grade a class; what it took, as JSON on the last line."""
    import logging

    from autograde.pipeline import Settings, run

    logging.disable(logging.INFO)
    started, landed = time.monotonic(), []

    def say(text):
        if text.startswith("["):
            landed.append((round(time.monotonic() - started, 3), resident()))

    out = folder / "out"
    summary = run(Settings(folder / "submitted", out, only=name, workers=workers), say=say)
    seconds = time.monotonic() - started
    assert not summary.failed and not summary.unrecorded, (summary.failed, summary.unrecorded)
    results = [json.loads(path.read_text(encoding="utf-8")) for path in out.glob("results/*/*/result.json")]
    cold = [result["usage"]["cold"] for result in results if "cold" in result["usage"]]
    print(
        "\n"
        + json.dumps(
            {
                "seconds": round(seconds, 3),
                "landed": landed,
                "points": points(out / "gradebook.db"),
                "cold": cold[:1],
                "stages": {stage: round(summary.stages[stage] / summary.graded, 4) for stage in STAGES},
            }
        )
    )


def resident():
    """Resident memory of this process, in MB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def ours(name, size, workers):
    """Grade a class of ``size`` with this grader, from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        hand_in(Path(folder) / "submitted", name, size)
        done = subprocess.run(
            [sys.executable, __file__, "--in", folder, "--assignment", name, "--workers", str(workers)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"grading failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def right(found, full):
    """Whether the three right answers of each four have full marks, and the wrong one has not."""
    return all((score == full) == (int(student.removeprefix("student")) % 4 != 3) for student, score in found.items())


#: How many times as many submissions a minute as stock nbgrader.
PROMISED = {"01_kl_term": 16, "02_vae": 10, "03_conv_vae": 10}


def measure(size=60, repeats=1):
    from autograde.dispatch import default_workers

    rows = []
    for name, workers, sizes in (
        ("02_vae", None, [size] * repeats),
        ("02_vae", 1, [max(4, size // 4 * 2)]),
        ("01_kl_term", None, [size]),
        ("03_conv_vae", None, [size]),
    ):
        tests = assignment.load(name)
        workers = workers or default_workers(tests.replays)
        full = sum(cell.points for cell in tests.cells if cell.kind == "test")
        if not rows or not rows[-1].name.startswith(name):
            seconds, marks = stock(name)
            print(f"{name}: stock nbgrader {statistics.mean(seconds):.2f} s a submission", flush=True)
        assert right(marks, full), f"stock nbgrader: {marks}"
        runs = []
        for n in sizes:
            runs.append(ours(name, n, workers))
            assert len(runs[-1]["points"]) == n and right(runs[-1]["points"], full), runs[-1]["points"]
            assert {student: runs[-1]["points"][student] for student in marks} == marks
            print(
                f"{name}: {n} submissions, {workers} workers, {runs[-1]['seconds']:.1f} s; a submission: {runs[-1]['stages']}",
                flush=True,
            )
        rows.append(
            Row(
                name=f"{name}, a class of {sizes[0]}, {workers} worker{'s'[: workers - 1]}",
                baseline_name="nbgrader autograde",
                unit="submissions a minute",
                baseline=[60 / statistics.mean(seconds)],
                ours=[60 * n / run["seconds"] for n, run in zip(sizes, runs)],
                higher_is_better=True,
                promise=None if workers == 1 else PROMISED[name],
                details={"stock_seconds": seconds, "workers": workers, "size": sizes[0], "runs": runs},
            )
        )
    return rows


#: Along a large class, figures are given for the first so many of it.
SIZES = (5, 10, 20, 40, 60, 100, 200, 300, 400, 500, 750, 1000)


def soak(size, name, workers=2):
    """Grade one large class; cost of a submission and memory of the parent along the way.

    Cost is given twice: since the run was started, and since the size before, which leaves the start out.
    """
    run = ours(name, size, workers)
    full = sum(cell.points for cell in assignment.load(name).cells if cell.kind == "test")
    assert len(run["points"]) == size and right(run["points"], full)
    marks = [n for n in SIZES if n <= size]
    landed = {n: run["landed"][n - 1] for n in marks}
    return {
        "assignment": name,
        "size": size,
        "workers": workers,
        "seconds": run["seconds"],
        "stages": run["stages"],
        "seconds_a_submission_in_a_class_of": {n: round(landed[n][0] / n, 3) for n in marks},
        "seconds_a_further_submission_up_to": {
            n: round((landed[n][0] - landed[m][0]) / (n - m), 3) for m, n in zip(marks, marks[1:])
        },
        "parent_memory_mb_after": {n: landed[n][1] for n in marks},
    }


def rate(name, size, workers):
    """Submissions a minute once every worker is at work."""
    landed = [seconds for seconds, _ in ours(name, size, workers)["landed"]]
    return round(60 * (size - workers) / (landed[-1] - landed[workers - 1]), 2)


def scaling(classes=(("01_kl_term", 60), ("02_vae", 40)), size=12, workers=(1, 2, 4)):
    """How cost grows with the size of a class and with the number of workers, by assignment."""
    found = {}
    for name, largest in classes:
        found[name] = {
            "class": soak(largest, name),
            "submissions_a_minute_with_workers": {n: rate(name, size, n) for n in workers},
        }
        print(name, found[name], flush=True)
    return found


def read():
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def keep(name, found):
    record = read() | {"machine": machine(), name: found}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    plot(read())  # as it was written: its keys are text


def plot(record, path=PLOT):
    """Draw what ``scaling`` and ``soak`` found."""
    from matplotlib.figure import Figure  # here: the process that grades is measured, too

    from vaelab.plots import palette

    fig = Figure(figsize=(10, 3.6), layout="constrained")
    by_size, by_workers = fig.subplots(1, 2)
    looks = zip((palette.BLUE, palette.VERMILLION, palette.GREEN, palette.PURPLE), "osD^")
    for name, measured in record.get("scaling", {}).items():
        colour, marker = next(looks)
        cost, workers = measured["class"], measured["submissions_a_minute_with_workers"]
        _costs(by_size, cost, name, colour, marker)
        by_workers.plot([int(n) for n in workers], workers.values(), f"{marker}-", color=colour, label=name)
    for name, cost in sorted((key, found) for key, found in record.items() if key.startswith("soak")):
        _costs(by_size, cost, name, *next(looks))
    by_size.plot([], [], "k--", label="without the start of the run")
    by_size.set_xscale("log")
    by_size.set_xticks((5, 10, 20, 60, 200, 500), labels=(5, 10, 20, 60, 200, 500))
    by_size.set_xticks((), minor=True)
    by_size.set(xlabel="submissions in the class", ylabel="seconds per submission", ylim=(0, None))
    by_workers.set(xticks=[1, 2, 4], xlabel="workers", ylabel="submissions per minute", ylim=(0, None))
    for axes in (by_size, by_workers):
        axes.legend()
    fig.savefig(path, dpi=120)


def _costs(axes, cost, label, colour, marker):
    """Cost by class size, and dashed without the start of the run."""
    for name, line, text in (
        ("seconds_a_submission_in_a_class_of", "-", f"{label}, {cost['workers']} workers"),
        ("seconds_a_further_submission_up_to", "--", None),
    ):
        axes.plot(
            [int(n) for n in cost[name]],
            cost[name].values(),
            f"{marker}{line}",
            color=colour,
            label=text,
            fillstyle="none" if line == "--" else "full",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--soak", type=int, metavar="SIZE", help="grade one class of this size instead")
    parser.add_argument(
        "--scaling", action="store_true", help="grade classes of several sizes, with several numbers of workers"
    )
    parser.add_argument("--plot", action="store_true", help="only draw what is recorded")
    parser.add_argument("--assignment", choices=ANSWERS, default="01_kl_term", help="for --soak")
    parser.add_argument("--workers", type=int, default=2, help="for --soak")
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file as well")
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        return grade(options.folder, options.assignment, options.workers)
    if options.plot:
        return plot(read())
    if options.scaling:
        found = scaling()
        keep("scaling", found)
    elif options.soak:
        found = soak(options.soak, options.assignment, options.workers)
        keep(f"soak {options.assignment}", found)
        print(json.dumps(found, indent=1))
    else:
        rows = measure(options.size, options.repeats)
        print(markdown(rows))
        found = {"machine": machine(), "rows": [row.as_json() for row in rows]}
    if options.output:
        options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
