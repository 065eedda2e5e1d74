"""The wheel: the packages and their data, nobody's marks; and a grader installed from it grades any course."""

import json
import os
import shutil
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import jupytext
import pytest
from projects import PROJECT

PACKAGES = ("vaelab", "autograde")
COURSE = PROJECT / "tests" / "autograde" / "course"
#: Where somebody's work or a tool's leavings may lie when a wheel is built.
POISON = (
    "workspace/results/ada/mini/result.json",
    "workspace/gradebook.db",
    "workspace/feedback/ada/mini/mini.html",
    "autograde/workspace/results/ada/mini/result.json",
    "autograde/workspace/feedback/ada/mini/mini.html",
    "vaelab/workspace/report.html",
    "vaelab/.ipynb_checkpoints/answer.json",
    "submitted/ada/mini/mini.ipynb",
)


def about_wheel():
    return [PROJECT / name for name in (*PACKAGES, "pyproject.toml", "README.md", "tests/autograde/course")]


def tracked():
    """The packages' own files: what git knows of them."""
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=PROJECT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.splitlines() if (PROJECT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel that was built over a used workspace."""
    project, built = (tmp_path_factory.mktemp(name) for name in ("poisoned", "wheel"))
    for name in (*tracked(), "pyproject.toml", "README.md", "LICENSE"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, project / name)
    for name in POISON:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("Ada Lovelace: 7 of 8 points", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", built, project]
    subprocess.run(pip, check=True)
    (path,) = built.glob("*.whl")
    return path


@pytest.mark.setup
@pytest.mark.proof(about=about_wheel)
def test_a_wheel_built_over_a_used_workspace_holds_the_packages_and_nothing_of_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert not [name for name in archive.namelist() if b"Ada Lovelace" in archive.read(name)]
    assert packed == tracked() - {"autograde/README.md"}


@pytest.mark.setup
@pytest.mark.proof(about=about_wheel)
def test_the_wheel_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode()
    assert {"Provides-Extra: lab", "Provides-Extra: grade", "Provides-Extra: dev"} <= set(metadata.splitlines())
    assert "Requires-Dist: tensorflow" in metadata and "Classifier: Framework :: Jupyter" in metadata
    assert "# Variational autoencoders" in metadata  # the README


@pytest.mark.setup
@pytest.mark.sandbox
@pytest.mark.proof(about=about_wheel)
def test_a_grader_installed_from_the_wheel_grades_a_course_in_the_working_directory(wheel, tmp_path):
    environment, course = tmp_path / "environment", tmp_path / "course"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    (packages,) = environment.glob("lib/python*/site-packages")
    # What vaelab needs, as it is installed here; but for vaelab itself.
    mine = shutil.ignore_patterns("vaelab*", "__editable__*vaelab*")
    for folder in site.getsitepackages():
        shutil.copytree(folder, packages, ignore=mine, copy_function=link, dirs_exist_ok=True)
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel]
    subprocess.run(install, check=True)
    shutil.copytree(COURSE, course)
    answer = jupytext.read(course / "solutions" / "mini" / "mini.py")
    (course / "class").mkdir()
    jupytext.write(answer, course / "class" / "ada.ipynb")
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    graded = subprocess.run(
        [environment / "bin" / "vaelab-grade", "grade", "class", "--assignment", "mini", "--workers", "1"],
        cwd=course, env=outside, capture_output=True, text=True,
    )  # fmt: skip
    assert graded.returncode == 0, graded.stdout + graded.stderr
    result = json.loads((course / "workspace" / "results" / "ada" / "mini" / "result.json").read_text())
    assert (result["status"], result["score"]) == ("graded", 6)
    shutil.rmtree(environment)  # pytest keeps the folders of its last runs


def link(source, target):
    """Copy a file, without its content where the file system allows it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.mark.setup
def test_where_there_is_no_course_the_grader_says_what_to_do(tmp_path):
    (tmp_path / "class").mkdir()
    command = [sys.executable, "-m", "autograde", "grade", "class"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 2 and "Traceback" not in refused.stderr
    assert "no course" in refused.stderr and "--course" in refused.stderr
    assert not Path(tmp_path, "workspace").exists()
