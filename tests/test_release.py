"""The pipeline: solutions/NN/NN.py -> executed NN.ipynb -> course/NN/NN.ipynb."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
import release
from projects import copy_project

PROJECT = Path(__file__).resolve().parent.parent
ASSIGNMENTS = release.assignments()

DEMO = '''\
# %% [markdown]
# # A demonstration
# With one exercise.

# %%
import ipywidgets
ipywidgets.interact(lambda x: x, x=(0, 5));


# %% nbgrader={"grade": false, "grade_id": "double", "locked": false, "schema_version": 3, "solution": true, "task": false}
def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_double_visible", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert double(2) == 4

# %% nbgrader={"grade": true, "grade_id": "test_double_hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
assert double(-3) == -6
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Why?
#
# ### BEGIN SOLUTION
# Because addition is commutative.
# ### END SOLUTION
'''


@pytest.fixture
def demo(project_copy):
    """A project whose only assignment is 01_demo."""
    return add_demo(project_copy)


def add_demo(project):
    source = project / "solutions/01_demo/01_demo.py"
    source.parent.mkdir()
    source.write_text(DEMO, encoding="utf-8")
    return project


@pytest.fixture
def released_demo(released, tmp_path):
    """A copy of `released` to change."""
    return shutil.copytree(released, tmp_path / "project")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The demonstration, released; for reading only."""
    project = add_demo(copy_project(tmp_path_factory.mktemp("released") / "project"))
    make_release(project).check_returncode()
    return project


def files(folder):
    """Content of every file below `folder` that git would track."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"workspace", ".ipynb_checkpoints"} & {*path.parts}
    }


def about_release():
    """What a release is made by."""
    made_by = ("tools/release.py", "autograde/nbgrader_config.py", "solutions/jupytext.toml", "course/README.md")
    return [PROJECT / name for name in made_by]


def make_release(project, *arguments):
    script = project / "tools/release.py"
    return subprocess.run([sys.executable, script, *arguments], cwd=project, capture_output=True, text=True)


# The course as it is committed


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_committed_solution_notebook_has_the_cells_of_its_script(assignment):
    folder = PROJECT / "solutions" / assignment
    committed = nbformat.read(folder / f"{assignment}.ipynb", as_version=4)
    assert release.content(committed) == release.content(release.read_source(folder / f"{assignment}.py"))


@pytest.mark.kernel
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_committed_course_notebook_is_what_nbgrader_releases(assignment, project_copy):
    shutil.copytree(PROJECT / "solutions" / assignment, project_copy / "solutions" / assignment)
    release.generate(assignment, project_copy)
    assert files(project_copy / "course" / assignment) == files(PROJECT / "course" / assignment)


def test_course_holds_a_notebook_for_each_assignment_and_pictures_alone():
    expected = {"README.md"} | {f"{name}/{name}.ipynb" for name in ASSIGNMENTS}
    tracked = subprocess.run(["git", "ls-files", "course"], cwd=PROJECT, capture_output=True, text=True, check=True)
    found = {name.removeprefix("course/") for name in tracked.stdout.split() if not name.endswith(".png")}
    assert found == expected


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_line_of_an_answer_or_a_hidden_test_reaches_the_course(assignment):
    source = (PROJECT / "solutions" / assignment / f"{assignment}.py").read_text(encoding="utf-8")
    regions = r"BEGIN (?:SOLUTION|HIDDEN TESTS).*?\n(.*?)\n[^\n]*END"
    secret = {
        line.strip("# ") for region in re.findall(regions, source, flags=re.DOTALL) for line in region.splitlines()
    }
    # What an example shows before the exercise, such as the signature of a method, is no secret.
    secret -= {line.strip("# ") for line in re.sub(regions, "", source, flags=re.DOTALL).splitlines()}
    released = (PROJECT / "course" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(released, as_version=4)
    shown = {line.strip("# ") for cell in notebook.cells for line in cell.source.splitlines()}
    # Short lines such as "return vae" or ")" may well stand in what is given.
    assert not {line for line in secret & shown if len(line) > 15}
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)|MARK SCHEME|jupytext|text_representation", released)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_scripts_survive_a_round_trip_through_a_notebook(assignment):
    """What an instructor edits in JupyterLab comes back as the same script, with nbgrader's metadata."""
    source = PROJECT / "solutions" / assignment / f"{assignment}.py"
    assert release.script(release.read_source(source)) == source.read_text(encoding="utf-8")


# The pipeline itself, on a small course


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
def test_release_clears_answers_hidden_tests_outputs_and_notebook_metadata(released_demo):
    path = released_demo / "solutions/01_demo/01_demo.ipynb"
    solution = nbformat.read(path, as_version=4)
    assert solution.cells[1].outputs and "widgets" not in solution.metadata
    # As after saving by hand, with pairing and widget state switched on.
    solution.metadata |= {"jupytext": {"formats": "ipynb,py:percent"}, "widgets": {"state": {}}}
    nbformat.write(solution, path)
    release.generate("01_demo", released_demo)
    student = nbformat.read(released_demo / "course/01_demo/01_demo.ipynb", as_version=4)
    assert set(student.metadata) == {"kernelspec", "language_info"}
    source = {cell.id: cell.source for cell in student.cells}
    assert (
        source["double"] == 'def double(x):\n    """Twice x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    )
    assert source["test_double_visible"] == "assert double(2) == 4"
    assert source["test_double_hidden"] == ""
    assert source["question_why"] == "Why?\n\nYOUR ANSWER HERE"
    assert all(not cell.outputs and cell.execution_count is None for cell in student.cells if cell.cell_type == "code")


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
def test_a_second_release_changes_nothing(released_demo, released):
    again = make_release(released_demo)
    assert again.stdout.startswith("01_demo: unchanged; released") and again.stderr == ""
    assert files(released_demo) == files(released)


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
def test_a_changed_layout_of_the_script_is_put_right_without_running_anything(released_demo, released):
    script = released_demo / "solutions/01_demo/01_demo.py"
    script.write_text(DEMO.replace("\n\n\n", "\n\n"), encoding="utf-8")
    assert make_release(released_demo).stdout.startswith("01_demo: unchanged; released")
    assert files(released_demo) == files(released)


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
def test_changed_text_and_comments_are_released_without_running_anything(released_demo, released):
    script = released_demo / "solutions/01_demo/01_demo.py"
    changed = DEMO.replace("With one exercise.", "With a single exercise.")
    changed = changed.replace("x=(0, 5));", "x=(0, 5));  # sliders")
    script.write_text(changed, encoding="utf-8")
    assert make_release(released_demo).stdout.startswith("01_demo: text changed; released")
    now, before = (
        nbformat.read(project / "solutions/01_demo/01_demo.ipynb", as_version=4)
        for project in (released_demo, released)
    )
    assert "single" in now.cells[0].source and "# sliders" in now.cells[1].source
    assert now.cells[1].outputs == before.cells[1].outputs != []


def test_cells_have_readable_unique_ids_and_nbgrader_cells_their_grade_id(demo):
    source = demo / "solutions/01_demo/01_demo.py"
    source.write_text(DEMO + "\n# %%\nprint(1)\n\n# %%\nprint(1)\n", encoding="utf-8")
    assert [cell.id for cell in release.read_source(source).cells] == [
        "a-demonstration-with-one-exercise", "import-ipywidgets-ipywidgets-interact-la",
        "double", "test_double_visible", "test_double_hidden", "question_why", "print-1", "print-1-2",
    ]  # fmt: skip


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
@pytest.mark.parametrize(
    "damage, complaint",
    [
        (lambda text: text.replace("x + x", "3 * x"), "a cell of 01_demo failed; nothing was written"),
        (lambda text: text.replace("test_double_hidden", "double"), "two cells have the id 'double'"),
        (lambda text: text + "\n# %%\nimport sys; print('oh', file=sys.stderr)\n", "wrote on stderr"),
        (lambda text: text.replace('"points": 1, ', ""), "does not have points"),
        (
            lambda text: text.replace("    ### END SOLUTION\n", ""),
            "cannot be released or graded: no end solution statement found",
        ),
    ],
    ids=["wrong answer", "duplicate id", "noise on stderr", "no points", "no end of solution"],
)
def test_what_cannot_be_released_is_refused_with_the_reason(demo, damage, complaint):
    (demo / "solutions/01_demo/01_demo.py").write_text(damage(DEMO), encoding="utf-8")
    refused = make_release(demo)
    assert refused.returncode == 1 and complaint in refused.stderr
    assert not (demo / "course/01_demo").exists()


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
def test_an_unknown_assignment_is_refused_with_the_known_ones(demo):
    refused = make_release(demo, "99_future")
    assert refused.returncode == 2 and "no assignment 99_future; there are 01_demo" in refused.stderr


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
@pytest.mark.parametrize(
    "folder, variables", [(".", {"JUPYTER_CONFIG_PATH": "autograde"}), ("autograde", {})], ids=["config path", "folder"]
)
def test_nbgrader_itself_finds_the_configuration(released_demo, released, folder, variables):
    """Both ways that autograde/nbgrader_config.py names release the very same notebook."""
    shutil.rmtree(released_demo / "course/01_demo")
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "01_demo"],
        cwd=released_demo / folder, env=os.environ | variables, check=True,
    )  # fmt: skip
    assert files(released_demo) == files(released)


@pytest.mark.kernel
@pytest.mark.proof(about=about_release)
def test_saving_a_solution_in_jupyterlab_updates_its_script_alone(released_demo):
    script = released_demo / "solutions/01_demo/01_demo.py"
    manager = jupytext.TextFileContentsManager(root_dir=str(released_demo / "solutions"))
    model = manager.get("01_demo/01_demo.ipynb", content=True, type="notebook")
    model["content"].cells[2].source = model["content"].cells[2].source.replace("x + x", "2 * x")
    manager.save(model, "01_demo/01_demo.ipynb")
    assert script.read_text(encoding="utf-8") == DEMO.replace("x + x", "2 * x")
    assert "formats" not in (released_demo / "solutions/01_demo/01_demo.ipynb").read_text(encoding="utf-8")
