"""The ways to set the course up: make, pip, conda. Each installs the same pinned versions."""

import importlib.metadata
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent
PLATFORMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
}
PYTHONS = {"3.11": "3.11.9", "3.12": "3.12.8", "3.13": "3.13.1"}


def requirements():
    """The lock: every package that any part of the project needs, and what those need."""
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines]


def direct_requirements():
    """What the project itself names, with all its extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    return [requirement for text in named if (requirement := Requirement(text)).name != project["name"]]


def chosen(requirement, environment):
    return requirement.marker is None or requirement.marker.evaluate(environment)


# The lock


def test_lock_pins_every_version_and_names_no_address():
    for requirement in requirements():
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert requirement.url is None
    assert "://" not in (PROJECT / "requirements.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_lock_gives_one_version_of_each_direct_dependency(platform, python):
    environment = PLATFORMS[platform] | {
        "python_version": python, "python_full_version": PYTHONS[python],
        "implementation_name": "cpython", "platform_python_implementation": "CPython",
    }  # fmt: skip
    locked = [r for r in requirements() if chosen(r, environment)]
    versions = {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in locked}
    assert len(versions) == len(locked), "a package is pinned twice"
    for direct in direct_requirements():
        assert direct.specifier.contains(versions[canonicalize_name(direct.name)])


def test_what_is_installed_is_what_is_locked():
    for requirement in requirements():
        if chosen(requirement, None):
            assert requirement.specifier.contains(importlib.metadata.version(requirement.name)), requirement


# conda


def environment_yml():
    return yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


def test_conda_brings_pip_and_a_python_that_the_project_supports():
    *conda, pip = environment_yml()
    (python,) = (name.removeprefix("python=") for name in conda if name.startswith("python="))
    assert supported(python) and "pip" in conda and set(pip) == {"pip"}


def about_installation():
    return [PROJECT / name for name in ("requirements.txt", "pyproject.toml", "environment.yml", "vaelab/__init__.py")]


@pytest.mark.network
@pytest.mark.proof(about=about_installation)
@pytest.mark.timeout(1200)
def test_the_pip_part_of_the_conda_environment_installs_the_course(tmp_path):
    """As conda does it: the entries in one requirements file beside environment.yml, in a fresh environment.

    uv reads that file as pip does, and takes a fifth of the time; with pip, `make` has installed the same packages.
    """
    checkout = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", PROJECT, checkout], check=True)
    (checkout / "condaenv.requirements.txt").write_text("\n".join(environment_yml()[-1]["pip"]), encoding="utf-8")
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, tmp_path / "fresh"], check=True)
    python = tmp_path / "fresh" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def pip(*words):
        line = ["uv", "pip", *words, "--quiet", "--python", python]
        return subprocess.run(line, cwd=checkout, check=True, capture_output=True, text=True).stdout

    pip("install", "-r", "condaenv.requirements.txt")
    pip("check")
    installed = dict(line.split("==") for line in pip("freeze").splitlines() if "==" in line)
    installed = {canonicalize_name(name): version for name, version in installed.items()}
    for requirement in requirements():
        if chosen(requirement, None):
            assert requirement.specifier.contains(installed[canonicalize_name(requirement.name)]), requirement
    look = "import vaelab, autograde; from vaelab import data; print(data.load().x_train.shape)"
    found = subprocess.run([python, "-c", look], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert found == "(10000, 28, 28)\n"
    shutil.rmtree(tmp_path / "fresh")  # pytest keeps the folders of its last runs, and this is 2 GB


# Binder and the dev container


def supported(version):
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    return SpecifierSet(re.search(r'requires-python = "(.*)"', text)[1]).contains(f"{version}.1")


def test_binder_installs_the_lock_and_the_course_with_a_python_that_the_project_supports():
    folder = PROJECT / ".binder"
    lock, course = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert (folder / lock.removeprefix("-r ")).resolve() == PROJECT / "requirements.txt" and course == "-e ."
    assert supported((folder / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-"))


@pytest.mark.setup
def test_the_dev_container_has_such_a_python_and_runs_commands_that_exist():
    text = (PROJECT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    described = json.loads(re.sub(r"^ *//.*$", "", text, flags=re.MULTILINE))
    assert supported(re.search(r":(\d\.\d+)-", described["image"])[1])
    named = re.findall(r"\bmake (\S+)", described["postCreateCommand"].partition("install -qq -y make")[2])
    assert named and run_make(PROJECT, "--dry-run", *named).returncode == 0


# make


def run_make(folder, *arguments):
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True)


@pytest.mark.setup
@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_make_refuses_a_python_it_does_not_support_and_says_what_to_do(tmp_path, version):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    other = tmp_path / "other-python"
    pretend = f"import sys; sys.version_info = ({version.replace('.', ', ')}, 0); exec(sys.argv[1])"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretend}" "$2"\n', encoding="utf-8")
    other.chmod(0o755)
    refused = run_make(tmp_path, "lab", f"PYTHON={other}")
    assert refused.returncode != 0 and not (tmp_path / ".venv").exists()
    assert f"This course needs Python 3.11, 3.12 or 3.13, and {other} is {version}." in refused.stderr
    assert "make lab PYTHON=python3.12" in refused.stderr


@pytest.mark.setup
def test_every_make_command_in_the_documentation_exists_and_help_lists_it():
    listed = set(re.findall(r"^  make (\S+)", run_make(PROJECT, "help").stdout, flags=re.MULTILINE))
    documents = [path for pattern in ("*.md", "*/*.md") for path in PROJECT.glob(pattern)]
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`|^    [^\n]*$", text, flags=re.DOTALL | re.MULTILINE))
    named = set(re.findall(r"(?:[`=\w] |^ *|`)make ([a-z][a-z-]+)\b", code, flags=re.MULTILINE))
    assert {"lab", "test", "release"} <= named <= listed


def test_the_readmes_table_says_the_times_and_points_of_the_course():
    row = re.compile(r"\((?:course/)?(\d\d_\w+)/\1\.ipynb\).*\| ([^|]+) \| ([^|]+) \|$", flags=re.MULTILINE)
    readme, course = (
        row.findall((PROJECT / name).read_text(encoding="utf-8")) for name in ("README.md", "course/README.md")
    )
    assert readme and set(readme) <= set(course)


# Jupyter


@pytest.mark.parametrize("imports", ["vaelab, ipywidgets", "ipywidgets, vaelab"])
def test_a_slider_is_not_pulled_back_by_its_own_echo_however_jupyter_was_started(imports):
    environment = {name: value for name, value in os.environ.items() if name != "JUPYTER_WIDGETS_ECHO"}
    look = f"import {imports}; from ipywidgets.widgets import widget; print(widget.JUPYTER_WIDGETS_ECHO)"
    line = [sys.executable, "-c", look]
    assert subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout == "False\n"


# Beside somebody else's TensorFlow

#: Runs the first cell of each notebook, as Jupyter would, where there is no vaelab.
WITHOUT_VAELAB = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
sys.modules["vaelab"] = None
shell = InteractiveShell.instance()
shell.run_line_magic("colors", "NoColor")
for source in json.load(sys.stdin):
    shell.run_cell(source)
    print("=====")
"""


def test_each_notebook_says_how_to_install_the_course_where_vaelab_is_missing(tmp_path):
    first = []
    for path in sorted(PROJECT.glob("course/0*/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first.append(next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    line = [sys.executable, "-c", WITHOUT_VAELAB]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(line, input=json.dumps(first), env=environment, capture_output=True, text=True, check=True)
    said = done.stdout.split("=====")[:-1]
    assert len(said) == len(first) >= 7
    for text in said:
        assert "ModuleNotFoundError" in text and "%pip install ../.." in text, text
