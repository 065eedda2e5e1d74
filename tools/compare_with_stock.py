"""Put the forgeries through stock nbgrader as well, and write docs/forgeries.md, which shows the difference.

    python tools/compare_with_stock.py              those that the table has not yet
    python tools/compare_with_stock.py PART ...     those whose name has one of these in it, again
    python tools/compare_with_stock.py --ordinary   the same against ordinary tests: docs/forgeries_ordinary.md

Everything hostile runs in a disposable sandbox: for stock nbgrader that is one around
the whole of it (no network, one writable folder, thrown away), in which it grades the
miniature assignment of the grader's tests. Takes about twenty seconds for each forgery.
"""

import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests" / "autograde")]  # the grader, and its tests' helpers
ATTACKS = PROJECT / "tests" / "attacks"
#: Where the table is, by the assignment of the grader's tests that the forgeries are handed in for.
TABLES = {"mini": PROJECT / "docs" / "forgeries.md", "by_assert": PROJECT / "docs" / "forgeries_ordinary.md"}
KINDS = {"mini": "judged checks", "by_assert": "ordinary tests, which run in the student's kernel beside the forgery"}

WRONG = "def kl_term(z_mean, z_log_var):\n    return None\n"

# Runs inside the sandbox, in the writable folder: grades the one student and prints the automatic score.
STOCK = """
import contextlib, logging, sys
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

config = Config()
config.CourseDirectory.root = sys.argv[1]
config.CourseDirectory.db_url = f"sqlite:///{sys.argv[1]}/gradebook.db"
config.ExecutePreprocessor.timeout = 40
api = NbGraderAPI(CourseDirectory(config=config, assignment_id=sys.argv[2]), config=config)
done = api.autograde(sys.argv[2], "mallory", create=True)
with api.gradebook as gradebook:
    score = 0
    if done["success"]:
        score = sum(g.auto_score or 0 for n in gradebook.find_submission(sys.argv[2], "mallory").notebooks for g in n.grades)
print(f"\\nSCORE {score:g}" if done["success"] else "\\nSCORE failed")
"""


def stock(notebook, name):
    """What stock nbgrader gives for a submission (a notebook, or the bytes of a file): points, or "failed"."""
    import jupytext
    from compare_marks import release
    from grading_helpers import COURSE

    with tempfile.TemporaryDirectory(prefix="stock-") as folder:
        root = Path(folder)
        (root / "source" / name).mkdir(parents=True)
        (root / "submitted" / "mallory" / name).mkdir(parents=True)
        jupytext.write(
            jupytext.read(COURSE / "solutions" / name / f"{name}.py"), root / "source" / name / f"{name}.ipynb"
        )
        (root / "submitted" / "mallory" / name / f"{name}.ipynb").write_bytes(
            notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        )
        release(root, name)
        sandbox = ["bwrap", "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
                   "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--bind", folder, folder,
                   "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev", "--setenv", "HOME", folder, "--chdir", folder]  # fmt: skip
        line = [*sandbox, "--", sys.executable, "-c", STOCK, folder, name]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            return "failed"
        scores = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("SCORE ")]
        return scores[-1] if scores else "failed"


HEAD = """# Forgeries of {title}, through stock nbgrader and through this grader

Written by `{command}`. Each is a file in `tests/attacks/`, handed in for the miniature
assignment of the grader's tests, whose tests ({kind}) are worth 6 points. Its `kl_term` is wrong, so that every point is a
forged one. Stock nbgrader {version} ran inside a disposable sandbox of its own.

{summary}

| forgery | what it does | stock nbgrader | this grader | what this grader says |
|---|---|---|---|---|
"""


def cases(name):
    """``{name: (description, notebook)}`` of every forgery and every lie in the file, with two honest controls."""
    from grading_helpers import RIGHT, answered

    right = RIGHT if name == "mini" else RIGHT.replace("ops.", "np.")
    found = {
        "(a right answer)": ("No forgery: the control.", answered(right, written=None, name=name)),
        "(a wrong answer)": ("No forgery: the control.", answered(WRONG, written=None, name=name)),
    }
    for path in sorted([*ATTACKS.glob("forge/*.py"), *ATTACKS.glob("lie_in_the_file/*.py")]):
        source = path.read_text(encoding="utf-8")
        notebook = answered(source if path.parent.name == "forge" else WRONG, written=None, name=name)
        if path.parent.name == "lie_in_the_file":
            notebook = runpy.run_path(str(path))["forge"](notebook) or notebook
        found[f"{path.parent.name}/{path.stem}"] = (" ".join(source.split('"""')[1].split()), notebook)
    return found


def ours(notebook, name):
    """Points from this grader, and what it says about them."""
    from grading_helpers import grade

    from autograde.isolation.limits import Limits

    result = grade(notebook, name, limits=Limits(seconds=60))[0]
    said = [text for _, text in result["notes"]]
    said += [result["reason"]] if result["reason"] else []
    said += [verdict["message"] for check in result["checks"] for verdict in check["verdicts"] if not verdict["passed"]]
    return f"{result['score']:g}", said[0] if said else ""


def cell_of_table(text):
    """Text that stays in its cell of a Markdown table."""
    text = "".join(c if c.isprintable() else " " for c in text).replace("|", "\\|").replace("<", "&lt;")
    return text if len(text) <= 150 else text[:149] + "…"


def known(table):
    """The rows that the table has already, by name."""
    if not table.is_file():
        return {}
    rows = [line.split(" | ", 1) for line in table.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return {name.strip("|` "): f"{name} | {rest}" for name, rest in rows}


def write(assignment, rows, names):
    from nbgrader import __version__

    rows = {name: rows[name] for name in names if name in rows}
    forged = [row.split(" | ")[-3:-1] for name, row in rows.items() if not name.startswith("(")]
    won = sum(stock not in ("0", "failed") for stock, _ in forged)
    stopped = sum(stock == "failed" for stock, _ in forged)
    undeserved = sum(mine != "0" for _, mine in forged)
    waiting = len(names) - len(rows)
    missing = f" ({waiting} more have not been handed in yet)" if waiting else ""
    summary = (
        f"Of {len(forged)} forgeries{missing}, {won} take points from stock nbgrader, {stopped} make it fail for that student "
        f"(no mark), and {undeserved} take points from this grader."
    )
    command = "python tools/compare_with_stock.py" + (" --ordinary" if assignment == "by_assert" else "")
    kind = KINDS[assignment]
    about = {"version": __version__, "summary": summary, "command": command, "kind": kind, "title": kind.split(",")[0]}
    TABLES[assignment].write_text(HEAD.format(**about) + "\n".join(rows.values()) + "\n", encoding="utf-8")


def main(arguments):
    assignment = "by_assert" if "--ordinary" in arguments else "mini"
    chosen = [argument for argument in arguments if argument != "--ordinary"]
    found, rows = cases(assignment), known(TABLES[assignment])
    for name, (about, notebook) in found.items():
        if chosen and not any(part in name for part in chosen) or not chosen and name in rows:
            continue
        points, said = ours(notebook, assignment)
        baseline = stock(notebook, assignment)
        rows[name] = f"| `{name}` | {cell_of_table(about)} | {baseline} | {points} | {cell_of_table(said)} |"
        print(rows[name], flush=True)
        write(assignment, rows, found)


if __name__ == "__main__":
    main(sys.argv[1:])
