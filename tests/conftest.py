"""What every test relies on: a private Jupyter, no settings of the machine's owner, a copy of the project.

And how tests are chosen and run: markers for what they need (`needs`), proofs that are kept (`proofs`), and which
tests must share a process when there are several.
"""

import os
import random
import re
import sys
import sysconfig
from collections import Counter

import needs
import numpy as np
import proofs
import pytest
from projects import copy_project

#: Markers of tests that `make check` leaves out, those that take longest first.
SLOW = ("network", "browser", "sandbox", "kernel", "postgresql", "setup", "proof")
#: What only such tests may start, by a word of the command line.
STARTED = {
    "bwrap": "sandbox",
    "chromium": "browser",
    "ipykernel": "kernel",
    "jupyter": "kernel",
    "initdb": "postgresql",
    "pip": "setup",
    "make": "setup",
}


def pytest_addoption(parser):
    parser.addoption("--prove-anew", action="store_true", help="take no proof from the record")
    parser.addoption("--fast", action="store_true", help="only tests that start no kernel, browser or sandbox")


def pytest_configure(config):
    config.pluginmanager.register(proofs.Record(config), "proofs-record")
    config.pluginmanager.register(Guard(), "guard")


class Guard:
    """Refuses to start a kernel, a browser or a sandbox for a test without a marker, which `make check` would run."""

    def __init__(self):
        self.unmarked = None
        sys.addaudithook(self.see)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.unmarked = None if any(item.get_closest_marker(name) for name in SLOW) else item
        try:
            return (yield)
        finally:
            self.unmarked = None

    def see(self, event, arguments):
        if event != "subprocess.Popen" or self.unmarked is None:
            return
        for word in map(str, [arguments[0], *arguments[1]]):
            if marker := STARTED.get(os.path.basename(word).partition(".")[0]):
                raise RuntimeError(f"{self.unmarked.nodeid} starts {word}: it needs the marker {marker!r}")


def shared(item):
    """The fixtures that several tests of a module share, with the parameters that they are made for."""
    made = item._fixtureinfo.name2fixturedefs
    names = [name for name in item.fixturenames if name in made and made[name][-1].scope in ("module", "class")]
    params = getattr(getattr(item, "callspec", None), "params", {})
    # Of a group's name, pytest-xdist takes what comes after the last bracket.
    return [re.sub(r"\W+", "_", f"{name} {params.get(name, '')}") for name in names]


def pytest_collection_modifyitems(config, items):
    """Tests that share what is costly to make share a worker: a browser, a cluster, a fixture, a module; proofs go one by one.

    Long ones come first and proofs last: they are small, so all workers end at the same time.
    """
    if config.getoption("--fast"):
        slow = [item for item in items if any(item.get_closest_marker(name) for name in SLOW)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if "xdist_group" in marks:
            continue
        if "proof" not in marks:
            session = next((name for name in ("browser", "scheduler") if name in {*marks, *item.fixturenames}), None)
            item.add_marker(pytest.mark.xdist_group(session or item.path.name))
        elif fixtures := shared(item):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.name} {' '.join(fixtures)}"))

    def rank(item):
        marks = {mark.name for mark in item.iter_markers()}
        return next((i for i, name in enumerate(SLOW[:-1]) if name in marks), len(SLOW)), "proof" in marks

    items.sort(key=rank)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Skip what this machine cannot run, and say why; where everything must run, fail."""
    for marker in needs.NEEDS:
        if item.get_closest_marker(marker) and (why := needs.missing(marker)):
            if os.environ.get("CI"):
                pytest.fail(f"needs {why}; with CI set, nothing may be missing", pytrace=False)
            pytest.skip(f"needs {why}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With CI set, every test runs on Linux: one that skips itself fails."""
    report = yield
    if report.skipped and os.environ.get("CI") and sys.platform == "linux":
        report.outcome, report.longrepr = "failed", f"skipped, with CI set: {call.excinfo.value}"
    return report


def pytest_terminal_summary(terminalreporter):
    """How many tests wait for what, and how many proofs were taken anew."""
    skipped = Counter(
        found[1]
        for report in terminalreporter.stats.get("skipped", [])
        if (found := re.search(r"Skipped: needs (.*)", str(report.longrepr[2])))
    )
    for why, count in sorted(skipped.items()):
        what, _, reason = why.partition(": ")
        terminalreporter.write_line(f"{count} test{'s' * (count > 1)} need{'s' * (count == 1)} {what}: {reason}")
    if skipped:
        terminalreporter.write_line("On Debian and Ubuntu, `sudo make system` installs what can be installed.")
    if line := proofs.totals(terminalreporter.stats.get("passed", [])):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory):
    """Notebooks and servers started by tests see the quick profile and nobody's personal configuration."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("VAELAB_", "NBGRADER_"))]:
            patch.delenv(name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(home / name.lower()))
        # nbgrader starts programs of its own environment by name.
        patch.setenv("PATH", sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"])
        yield


@pytest.fixture(autouse=True)
def the_same_numbers_each_time():
    """What a test draws without a seed of its own, as weights of a network: a test that fails fails again."""
    random.seed(0)
    np.random.seed(0)
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(0)


@pytest.fixture
def project_copy(tmp_path):
    return copy_project(tmp_path / "project")
