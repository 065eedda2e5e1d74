"""Put the forgeries through stock nbgrader as well, and write the table that shows the difference.

    python tests/attacks/compare_with_stock.py [NAME ...]

Everything hostile runs in a disposable sandbox: for stock nbgrader that is one around
the whole of it (no network, one writable folder, thrown away), in which it grades the
miniature assignment of the grader's tests. Takes about ten seconds a forgery.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# nbgrader starts `alembic` by name.
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "autograde"))

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
api = NbGraderAPI(CourseDirectory(config=config, assignment_id="mini"), config=config)
done = api.autograde("mini", "mallory", create=True)
with api.gradebook as gradebook:
    score = 0
    if done["success"]:
        score = sum(g.auto_score or 0 for n in gradebook.find_submission("mini", "mallory").notebooks for g in n.grades)
print(f"\\nSCORE {score:g}" if done["success"] else "\\nSCORE failed")
"""


def stock(notebook):
    """What stock nbgrader gives for a submission: points, or "failed"."""
    import jupytext
    import nbformat
    from grading_helpers import COURSE, NAME
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="stock-") as folder:
        root = Path(folder)
        (root / "source" / NAME).mkdir(parents=True)
        (root / "submitted" / "mallory" / NAME).mkdir(parents=True)
        jupytext.write(jupytext.read(COURSE / "solutions" / NAME / f"{NAME}.py"), root / "source" / NAME / f"{NAME}.ipynb")
        nbformat.write(notebook, root / "submitted" / "mallory" / NAME / f"{NAME}.ipynb")
        config = Config()
        config.CourseDirectory.root, config.CourseDirectory.db_url = folder, f"sqlite:///{folder}/gradebook.db"
        GenerateAssignment(coursedir=CourseDirectory(config=config, assignment_id=NAME), config=config).start()
        done = subprocess.run(
            ["bwrap", "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
             "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--bind", folder, folder, "--proc", "/proc", "--remount-ro", "/proc",
             "--dev", "/dev", "--setenv", "HOME", folder, "--chdir", folder, "--", sys.executable, "-c", STOCK, folder],
            capture_output=True, text=True, timeout=300)
        scores = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("SCORE ")]
        return scores[-1] if scores else "failed"


def ours(notebook):
    from grading_helpers import grade

    from autograde.sandbox import Limits

    return f"{grade(notebook, limits=Limits(seconds=60))[0]['score']:g}"


def main(names):
    from grading_helpers import answered

    lines = []
    for path in sorted((HERE / "forge").glob("*.py")):
        if names and path.stem not in names:
            continue
        source = path.read_text(encoding="utf-8")
        notebook = answered(source, written=None)
        row = (path.stem, source.split('"""')[1], stock(notebook), ours(notebook))
        lines.append("| {} | {} | {} | {} |".format(*row))
        print(lines[-1], flush=True)
    return lines


if __name__ == "__main__":
    print("| forgery | what it does | points from stock nbgrader, of 6 | points from this grader |\n|---|---|---|---|", flush=True)
    main(sys.argv[1:])
