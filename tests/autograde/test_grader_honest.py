"""Honest trouble costs nothing, and honest work gets what stock nbgrader gives it."""

import json
import subprocess
import sys

import jupytext
import nbformat
import pytest
from grading_helpers import COURSE, MEANED, NAME, RIGHT, answered, as_bytes, cell, encoder_graded, grade, mini, points
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograde import assignment, intake, job, launch
from autograde import pipeline as run_
from autograde.isolation import pool
from autograde.isolation.limits import Limits

pytestmark = pytest.mark.sandbox

FULL = {"test_kl_term_shape": 1, "test_kl_term_values": 3, "test_kl_term_properties": 2}

NOISE = f"""
import sys, warnings, logging, os
import tensorflow as tf

def kl_term(z_mean, z_log_var):
    print("in kl_term", file=sys.stderr)
    warnings.warn("a warning")
    logging.getLogger().error("an error message")
    os.write(2, b"written past Python\\n")
    tf.print("tf.print", z_mean)
    print("x" * 100_000)
    {RIGHT}
"""


RIGHT_HELPER = f"def helper(z_mean, z_log_var):\n    {RIGHT}\n"


def noisy():
    notebook = answered(NOISE)
    notebook.cells.insert(2, nbformat.v4.new_code_cell("print('x' * (30 << 20))"))
    notebook.cells.insert(3, nbformat.v4.new_code_cell("import time; time.sleep(3)  # a slow import"))
    return as_bytes(notebook)


def old_and_foreign():
    notebook = nbformat.v4.downgrade(answered())
    notebook.metadata["kernelspec"] = {"name": "my-env", "display_name": "My environment", "language": "python"}
    return json.dumps(notebook).replace("\\n", "\\r\\n").encode("utf-16")


def rearranged():
    notebook = answered()
    own = [
        nbformat.v4.new_code_cell(code)
        for code in ("1 / 0", "helper = 1", "import nothing_like_this", "%matplotlib inline")
    ]
    notebook.cells[2:2] = own
    notebook.cells.append(notebook.cells.pop(notebook.cells.index(cell(notebook, "test_kl_term_shape"))))
    cell(notebook, "test_kl_term_values").source += "\n# my note"
    del cell(notebook, "kl_term").metadata["nbgrader"]
    return as_bytes(notebook)


def homely():
    """What works at home, and has no sense in a sandbox: a screen, an end, packages and streams of their own."""
    notebook = answered()
    imports = next(c for c in notebook.cells if c.cell_type == "code")
    imports.source = f"import seaborn\n{imports.source}"
    notebook.cells.insert(
        2, nbformat.v4.new_code_cell("%matplotlib widget\nimport matplotlib\nmatplotlib.use('TkAgg')\n" + RIGHT_HELPER)
    )
    cell(notebook, "kl_term").source = "def kl_term(z_mean, z_log_var):\n    return helper(z_mean, z_log_var)\nquit()\n"
    notebook.cells.insert(
        3, nbformat.v4.new_code_cell("import sys\nsys.stdout = open('log.txt', 'w')\nsys.stdout.close()")
    )
    for code in ("name = input('Your name? ')", "1 / 0", "%debug"):  # which wait for a person
        notebook.cells.insert(1, nbformat.v4.new_code_cell(code))
    notebook.cells.append(nbformat.v4.new_code_cell("sys.stderr = object()\nexit()"))
    return as_bytes(notebook)


@pytest.mark.parametrize("trouble", [noisy, old_and_foreign, rearranged, homely])
def test_a_right_answer_in_trouble_gets_full_marks(trouble):
    result, notebook = grade(trouble())
    assert points(result) == FULL, result
    assert result["status"] == "graded" and result["score"] == 6
    assert len(nbformat.writes(notebook)) < 2_000_000


def test_a_right_encoder_that_some_threads_cannot_differentiate_gets_full_marks():
    """With one thread to compute, TensorFlow 2.21 destroys memory in the gradients of its shortcuts."""
    path = COURSE.parents[1] / "variants" / "make_conv_encoder" / "projection.py"
    result, _ = encoder_graded(path.read_text(encoding="utf-8"), Limits())
    assert result["score"] == result["max_score"], result


def test_names_of_any_kind_get_full_marks(tmp_path):
    """Spaces, accents, emoji, letters from right to left, and the marks that turn direction."""
    names = ["José María Núñez", "O'Neil, Zoë (2nd year)", "👩‍🎓 été", "עדה לאבלייס", "\u200fعلي\u200e", "李 小龍"]
    for name in names:
        (tmp_path / "class").mkdir(exist_ok=True)
        (tmp_path / "class" / f"{name}.ipynb").write_bytes(
            as_bytes(answered(extra=["while_alone = 'é🎓'\nprint(while_alone)"]))
        )
    summary = run_.run(run_.Settings(tmp_path / "class", tmp_path / "out", COURSE, NAME), lambda text: text.encode())
    assert summary.graded == len(names) and summary.unmatched == []
    results = [
        json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "out").glob("results/*/*/result.json")
    ]
    assert {result["student"]: result["score"] for result in results} == {intake.safe(name): 6 for name in names}
    # Beside what formgrader shows lie the pictures that its text shows.
    assert all(
        (tmp_path / "out" / "autograded" / intake.safe(name) / NAME / "expected.png").is_file() for name in names
    )


def test_a_stopped_notebook_says_where_in_words_that_its_author_knows():
    notebook = answered()
    notebook.cells.insert(2, nbformat.v4.new_code_cell("# draw it\nimport os\nos._exit(1)"))
    assert grade(notebook)[0]["reason"] == "The notebook was stopped at cell “# draw it”: its kernel died."


def test_marks_equal_stock_nbgraders_on_honest_submissions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VAELAB_PROFILE", raising=False)
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.course_id = "mini"
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    config.ExecutePreprocessor.timeout = 300
    books = {"ada": answered(RIGHT), "ben": answered(MEANED), "cleo": answered("raise NotImplementedError()")}
    source = tmp_path / "source" / NAME
    source.mkdir(parents=True)
    jupytext.write(jupytext.read(COURSE / "solutions" / NAME / f"{NAME}.py"), source / f"{NAME}.ipynb")
    for student, notebook in books.items():
        folder = tmp_path / "submitted" / student / NAME
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{NAME}.ipynb")
    coursedir = CourseDirectory(config=config, assignment_id=NAME)
    GenerateAssignment(coursedir=coursedir, config=config).start()
    api = NbGraderAPI(coursedir, config=config)
    for student, notebook in books.items():
        assert api.autograde(NAME, student)["success"]
        result, _ = grade(notebook)
        with api.gradebook as gradebook:
            submission = gradebook.find_submission(NAME, student)
            stock = {g.name: g.auto_score for n in submission.notebooks for g in n.grades}
        assert {**points(result), "question_pull": None} == stock, student
    assert mini().max_score == 8


# --- an answer that the judge cannot recompute ----------------------------------------------


@pytest.fixture
def started(monkeypatch):
    """What was started for one submission, kernel and process for replays, in a list that grows."""
    started = []
    for name in ("start_kernel", "start_replayer"):

        def starting(*arguments, start=getattr(launch, name)):
            started.append(start(*arguments))
            return started[-1]

        monkeypatch.setattr(launch, name, starting)
    return started


def grade_encoder():
    notebook = jupytext.read(COURSE / "solutions" / "encoder" / "encoder.py")
    return job.grade(job.Job("ada", assignment.load("encoder", COURSE), as_bytes(notebook)))[0]


def test_a_right_encoder_gets_full_marks_with_the_help_of_a_second_process(started):
    result = grade_encoder()
    assert result["score"] == result["max_score"] == 10, result["checks"]
    assert len(started) == 2


def test_sandboxes_started_one_by_one_give_the_same_marks(started, monkeypatch):
    def impossible(*arguments):
        raise pool.Impossible("not today")

    monkeypatch.setattr(pool, "start_kernel", impossible)
    monkeypatch.setattr(pool, "start_replayer", impossible)
    result = grade_encoder()
    assert result["score"] == 10 and result["usage"]["cold"] == "not today" and len(started) == 2


def test_an_answer_that_can_be_recomputed_costs_no_second_process(started):
    assert points(grade(answered())[0]) == FULL and len(started) == 1


def test_a_process_for_replays_that_does_not_start_is_nobodys_fault(monkeypatch):
    ended = [sys.executable, "-c", ""]
    monkeypatch.setattr(
        launch, "start_replayer", lambda *arguments: (subprocess.Popen(ended, start_new_session=True), None)
    )
    with pytest.raises(job.GraderFailure, match="process for replays did not start"):
        grade_encoder()
