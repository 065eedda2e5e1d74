"""On a machine that lacks what tests need, everything is collected, the rest runs, and each skip says why."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from projects import PROJECT

TESTS = PROJECT / "tests"
#: Markers of tests that need what is hidden here, and a module in which all tests need a sandbox.
MARKERS = ("sandbox", "browser", "postgresql", "network")
SANDBOX = TESTS / "autograde" / "test_grader_exchange.py"
PROGRAMS = {"bwrap", "chromium", "chromium-browser", "google-chrome", "initdb", "pg_lsclusters"}

pytestmark = pytest.mark.setup


def about_absence():
    helpers = [path for path in TESTS.glob("*.py") if not path.name.startswith("test_")]
    return [*helpers, PROJECT / "autograde", PROJECT / "Makefile", SANDBOX]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The environment of a process that finds every program but those, no package index and no CI."""
    programs = tmp_path_factory.mktemp("bin")
    for folder in os.environ["PATH"].split(os.pathsep):
        for path in Path(folder).glob("*") if folder else ():
            if path.name not in PROGRAMS and not (programs / path.name).exists():
                (programs / path.name).symlink_to(path)
    hidden = {"CI", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_INPUT": "1"}
    return environment | nowhere | {"PATH": str(programs)}


def run_pytest(environment, *arguments, within=()):
    line = [*within, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments]
    return subprocess.run(line, cwd=PROJECT, env=environment, capture_output=True, text=True)


def forbidding():
    """A command before another: it runs as an ordinary user's, and makes no user namespaces."""
    bwrap = [shutil.which("bwrap"), "--unshare-user", "--uid", "1000", "--gid", "1000", "--disable-userns"]
    return [*bwrap, "--dev-bind", "/", "/", "--"]


@pytest.mark.proof(about=lambda: [TESTS])
def test_where_everything_is_missing_all_is_collected_and_each_skip_has_a_reason_and_is_counted(bare):
    done = run_pytest(bare, "--prove-anew", "-m", " or ".join(MARKERS), TESTS)
    assert done.returncode == 0, done.stdout[-2000:]  # an error in collection would be another
    assert " passed" not in done.stdout
    skipped = int(re.search(r"(\d+) skipped", done.stdout)[1])
    reasons = re.findall(r"^(\d+) tests? needs? (?:a|the) (\w+).*: \w.*$", done.stdout, flags=re.MULTILINE)
    assert {what for _, what in reasons} == {"sandbox", "browser", "PostgreSQL", "network"}
    assert sum(int(count) for count, _ in reasons) == skipped > 300


@pytest.mark.proof(about=about_absence)
def test_with_ci_set_nothing_may_be_missing(bare):
    done = run_pytest(bare | {"CI": "true"}, "-m", "sandbox", SANDBOX)
    assert done.returncode == 1 and "with CI set, nothing may be missing" in done.stdout


@pytest.mark.sandbox
@pytest.mark.proof(about=about_absence)
def test_where_user_namespaces_are_forbidden_the_sandboxes_tests_are_skipped_and_the_others_run(bare):
    environment = bare | {"PATH": os.environ["PATH"]}
    sandboxed = run_pytest(environment, "-m", "sandbox", SANDBOX, within=forbidding())
    assert sandboxed.returncode == 0 and "user namespaces are switched off here" in sandboxed.stdout, sandboxed.stdout
    ordinary = run_pytest(environment, TESTS / "test_nothing_lost.py", within=forbidding())
    assert ordinary.returncode == 0 and " passed" in ordinary.stdout and "skipped" not in ordinary.stdout


@pytest.mark.sandbox
@pytest.mark.proof(about=about_absence)
@pytest.mark.parametrize("missing", ["bubblewrap", "user namespaces"])
def test_grade_demo_says_at_once_what_the_first_sandbox_lacks(missing, bare, tmp_path):
    bare = bare | {"AUTOGRADE_SANDBOX": "bubblewrap"}  # without that, the second takes its place
    within, environment = ([], bare) if missing == "bubblewrap" else (forbidding(), bare | {"PATH": os.environ["PATH"]})
    line = [*within, sys.executable, "-m", "autograde", "demo", "--no-browser", "--out", tmp_path / "out"]
    done = subprocess.run(line, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert missing in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.sandbox
@pytest.mark.proof(about=about_absence)
def test_make_test_as_an_ordinary_user_installs_nothing_and_says_in_two_lines_what_is_missing():
    line = [*forbidding(), "make", "--no-print-directory", "ready", "SYSTEM=bubblewrap no-such-package"]
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    missing, install = done.stdout.splitlines()
    assert missing.startswith("Not installed here: no-such-package.") and "sudo make system" in install
