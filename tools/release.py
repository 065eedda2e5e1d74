"""Build the course: solutions/*.py -> executed solutions/*.ipynb -> course/*.ipynb.

Usage: python tools/release.py [--force] [ASSIGNMENT ...]      (or: make release)

For each assignment NN

1. ``solutions/NN/NN.py`` (percent format, written by hand) is brought into the layout
   that jupytext gives it when its notebook is saved (blank lines, no more), and
   becomes a notebook whose cells have fixed, readable ids;
2. the notebook is executed in the quick profile and written, with its outputs, to
   ``solutions/NN/NN.ipynb``, unless the one there says the same already;
3. nbgrader's own ``generate_assignment`` makes ``course/NN/NN.ipynb`` from it.

On a clean tree nothing changes: outputs (figures, training logs) are made anew only
when code changed (text and comments do not count), or with ``--force``, as after a change in ``vaelab``.
"""

import argparse
import io
import itertools
import logging
import os
import re
import sys
import sysconfig
import time
import tokenize
from pathlib import Path
from queue import Empty
from unittest import mock

import jupytext
import nbformat
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
from jupytext.config import load_jupytext_configuration_file
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets import Type
from traitlets.config import Config, PyFileConfigLoader

from autograde.assignment import AssignmentError, NothingToGrade, load
from autograde.testcell import parse_test
from vaelab.checks.points import BY_ID

PROJECT = Path(__file__).resolve().parent.parent
# A cell that takes longer than this in the quick profile hangs: a whole notebook
# has two minutes there.
CELL_TIMEOUT_S = 300
LOOK_S = 3  # seconds between two looks for a kernel's message
# Lines of TensorFlow's C++ side, on drivers and processors, when it is first imported.
TENSORFLOW_LOG = re.compile(r"[IWE]\d{4} [\d:.]+ |WARNING: All log messages before absl|To enable the following instr")
NOTEBOOK_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": NATIVE_KERNEL_NAME,
    },
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


class ReleaseError(Exception):
    """The course cannot be built; the message says what to mend."""


def assignments(project=PROJECT):
    """Names of all assignments, in order: the folders solutions/NN that hold NN.py."""
    return sorted(path.stem for path in (project / "solutions").glob("*/*.py") if path.stem == path.parent.name)


def read_source(path):
    """The percent script `path` as a notebook with fixed cell ids and no outputs."""
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken = set()
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)  # jupytext's note on the script's layout
        cell.id = _cell_id(cell, taken)
        taken.add(cell.id)
    return notebook


def script(notebook, project=PROJECT):
    """The percent script of `notebook`: what jupytext writes when the notebook is saved in JupyterLab."""
    config = load_jupytext_configuration_file(str(project / "solutions" / "jupytext.toml"))
    return jupytext.writes(notebook, fmt="py:percent", config=config)


def _cell_id(cell, taken):
    """The cell's grade_id or, for a cell without one, its first words; never one in `taken`."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    if grade_id in taken:
        raise ReleaseError(f"two cells have the id {grade_id!r}: give each nbgrader cell a grade_id of its own.")
    if grade_id is not None:
        return grade_id
    words = re.findall(r"[a-z0-9]+", re.sub(r"<[^>]*>", " ", cell.source.lower()))
    name = "-".join(words)[:40].strip("-") or cell.cell_type
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return name if name not in taken else next(candidate for candidate in numbered if candidate not in taken)


def content(notebook):
    """What a notebook says: everything but its outputs."""
    return [(cell.cell_type, cell.id, cell.source, cell.metadata) for cell in notebook.cells], notebook.metadata


class _Channel(AsyncZMQSocketChannel):
    """A channel that looks every few seconds whether a message is there.

    Where ZeroMQ's sign that one has come is missed, as happens on a busy machine once in some tens of notebooks, jupyter_client waits
    for its whole timeout and finds the message then.
    """

    async def get_msg(self, timeout=None):
        end = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return await super().get_msg(min(LOOK_S, max(0, end - time.monotonic())))
            except Empty:
                if time.monotonic() >= end:
                    raise


class _Kernel(AsyncKernelClient):
    shell_channel_class = iopub_channel_class = Type(_Channel)


def execute(notebook, folder):
    """`notebook` with the outputs of a run in the quick profile, working in `folder`.

    Raises ReleaseError where a cell fails or writes on stderr.
    """
    notebook = nbformat.from_dict(notebook)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NBGRADER_", "VAELAB_"))}
    client = NotebookClient(
        notebook,
        kernel_name=NATIVE_KERNEL_NAME,
        timeout=CELL_TIMEOUT_S,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        config=Config({"KernelManager": {"client_factory": _Kernel}}),
    )
    try:
        client.execute(env=environment | {"VAELAB_PROFILE": "quick"})
    except CellExecutionError as error:
        raise ReleaseError(f"a cell of {folder.name} failed; nothing was written.\n{error}") from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _refuse_noise(cell, folder.name)
    # Without the state of widgets: with it, nbviewer would prefer dead sliders to the figure
    # that stands in for them.
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    return notebook


def _refuse_noise(cell, assignment):
    """Drop what TensorFlow says about this very machine; raise ReleaseError for all else on stderr."""
    noise = [output for output in cell.outputs if output.get("name") == "stderr"]
    text = "".join(line for output in noise for line in output.text.splitlines(True) if not TENSORFLOW_LOG.match(line))
    if text:
        raise ReleaseError(
            f"cell {cell.id!r} of {assignment} wrote on stderr; nothing was written. "
            f"Students would see it, and nbgrader gives 0 for it in a test cell:\n{text}"
        )
    cell.outputs = [output for output in cell.outputs if output not in noise]


def build_solution(assignment, project=PROJECT, force=False):
    """Bring solutions/NN/NN.ipynb in step with NN.py; say what that took: "executed", "text changed" or "unchanged"."""
    folder = project / "solutions" / assignment
    source, target = folder / f"{assignment}.py", folder / f"{assignment}.ipynb"
    notebook = read_source(source)
    if script(notebook, project) != source.read_text(encoding="utf-8"):
        _write(source, script(notebook, project))
    if not force and target.exists():
        known = nbformat.read(target, as_version=4)
        if content(known) == content(notebook):
            return "unchanged"
        old, new = _code(known), _code(notebook)
        if [(c.id, _tokens(c.source), c.metadata) for c in old] == [(c.id, _tokens(c.source), c.metadata) for c in new]:
            for cell, executed in zip(new, old):
                cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
            _write(target, nbformat.writes(notebook) + "\n")
            return "text changed"
    _write(target, nbformat.writes(execute(notebook, folder)) + "\n")
    return "executed"


def _code(notebook):
    """The code cells of `notebook`."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _tokens(source):
    """Code without its comments: with the same tokens, cells have the same outputs. IPython's own commands stay as they are."""
    try:
        found = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return source
    return [(t.type, t.string) for t in found if t.type not in (tokenize.COMMENT, tokenize.NL)]


def _write(path, text):
    """Replace the file `path` whole, so that an interruption leaves the old one."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)


def nbgrader_config(project=PROJECT):
    """The project's nbgrader configuration, as nbgrader reads it."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(project / "autograde")).load_config()


def kinds(assignment, project=PROJECT):
    """A sentence on what grading will do with each test of an assignment. Raises ReleaseError for what it would refuse."""
    try:
        loaded = load(assignment, project)
    except NothingToGrade:
        return "nothing to grade"
    except AssignmentError as error:
        raise ReleaseError(f"grading would refuse this, so it is not released: {error}") from None
    tests = [cell for cell in loaded.cells if cell.kind == "test"]
    for cell in tests:
        listed = [BY_ID[check_id].points for check_id, _ in parse_test(cell.source)] if cell.judged else []
        if len(listed) == 1 and listed != [cell.points]:
            raise ReleaseError(
                f"cell {cell.id} of {assignment} has {cell.points:g} points, and its check {listed[0]:g} in "
                "vaelab/checks/points.py: make them the same."
            )
    ordinary = [cell.id for cell in tests if not cell.judged]
    by_hand = sum(cell.kind in ("written", "task") for cell in loaded.cells)
    said = f"judged tests {len(tests) - len(ordinary)}, answers to read {by_hand}"
    return f"{said}, ordinary tests {len(ordinary)} ({', '.join(ordinary)})" if ordinary else said


def generate(assignment, project=PROJECT):
    """Make course/NN from solutions/NN with nbgrader, entering NN into its gradebook."""
    config = nbgrader_config(project)
    coursedir = CourseDirectory(config=config, assignment_id=assignment)
    # nbgrader starts `alembic` by name to create its gradebook.
    scripts = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    try:
        with mock.patch.dict(os.environ, PATH=scripts):  # nbgrader's own setenv would then delete PATH
            GenerateAssignment(coursedir=coursedir, config=config, force=True).start()
    except NbGraderException:
        raise ReleaseError(f"nbgrader could not release {assignment}; its reasons stand above.") from None


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="such as 02_vae; all of them by default")
    parser.add_argument("--force", action="store_true", help="execute even what has not changed")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    known = assignments()
    unknown = sorted(set(options.assignments) - set(known))
    if unknown:
        parser.error(f"no assignment {', '.join(unknown)}; there are {', '.join(known)}")
    for assignment in options.assignments or known:
        print(f"{assignment}: ", end="", flush=True)
        tests = kinds(assignment)
        done = build_solution(assignment, force=options.force)
        generate(assignment)
        print(f"{'executed and released' if done == 'executed' else f'{done}; released'}: {tests}")


if __name__ == "__main__":
    try:
        main()
    except ReleaseError as error:
        sys.exit(f"\nmake release: {error}")
