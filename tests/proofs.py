"""Costly proofs are taken again only when what they are about has changed.

``@pytest.mark.proof(about=function)`` marks a test whose outcome is settled by files: the function
gives the paths (files or folders) that decide it, from the test's own parameters. When the test has passed, a
digest of all of that is kept in pytest's cache (``.pytest_cache``, ignored by git); while the digest stays
the same, the test passes from the record. Tests that start a sandbox, a browser or a kernel are
kept, too: about the whole project, where they do not say about what. Failures are never kept. With ``CI`` set,
or ``--prove-anew``,
every proof is taken anew. The last lines of a run say how many were.
"""

import functools
import hashlib
import importlib.metadata
import inspect
import os
import platform
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
ANEW, KEPT = "anew", "from the record"
_IGNORED = {"__pycache__", ".ipynb_checkpoints"}


@functools.cache
def surroundings() -> str:
    """The versions of Python, of every installed package, and of the machine's kernel and processor."""
    packages = sorted(f"{d.metadata['Name']}=={d.version}" for d in importlib.metadata.distributions())
    return "\n".join([platform.python_version(), platform.release(), platform.machine(), *packages])


@functools.cache
def _content(path: Path) -> str:
    """SHA-256 of a file, or of all files below a folder, with their names."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file() and not _IGNORED & set(file.parts):
            digest.update(f"{file.relative_to(path).as_posix()} {_content(file)}\n".encode())
    return digest.hexdigest()


def digest(item: pytest.Function, about: Iterable[Path]) -> str:
    """What the outcome of a proof depends on, in one number."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    helpers = [path for path in (PROJECT / "tests").glob("*.py") if not path.name.startswith("test_")]
    files = {Path(path) for path in (*about, item.path, *helpers)}
    absent = [str(path) for path in files if not path.exists()]
    if absent:
        raise FileNotFoundError(f"{item.nodeid} is about files that do not exist: {', '.join(absent)}")
    lines = [surroundings(), repr(sorted((name, str(value)) for name, value in params.items()))]
    lines += [f"{path.relative_to(PROJECT).as_posix()} {_content(path)}" for path in sorted(files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _key(item: pytest.Function) -> str:
    return "proofs/" + hashlib.sha256(f"{item.path.relative_to(PROJECT)}::{item.name}".encode()).hexdigest()[:32]


def of(*names: str) -> Callable[[], list[Path]]:
    """For ``about``: these files and folders of the project."""
    return lambda: [PROJECT / name for name in names]


#: Tests with one of these markers are proofs about the whole project, where they do not say what they are about.
ABOUT_ALL = ("sandbox", "browser", "kernel", "postgresql")
ALL = ("autograde", "vaelab", "solutions", "course", "tools", "docs", "pyproject.toml", "Makefile", "README.md")


def is_proof(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("proof", *ABOUT_ALL))


def _about(item: pytest.Function) -> Iterable[Path]:
    mark = item.get_closest_marker("proof")
    if mark is None:
        return [*(PROJECT / name for name in ALL), item.path.parent]
    about = mark.kwargs["about"]
    params = getattr(getattr(item, "callspec", None), "params", {})
    wanted = inspect.signature(about).parameters
    return about(**{name: value for name, value in params.items() if name in wanted})


class Record:
    """The pytest plugin that keeps proofs and counts them."""

    def __init__(self, config: pytest.Config) -> None:
        self.cache = getattr(config, "cache", None)  # there is none with `-p no:cacheprovider`
        self.anew = bool(os.environ.get("CI")) or config.getoption("--prove-anew")

    def holds(self, item: pytest.Function) -> bool:
        """Whether this proof was taken before, with everything as it is now."""
        return (
            not self.anew and self.cache is not None and self.cache.get(_key(item), None) == digest(item, _about(item))
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Function) -> None:
        """Before its fixtures are made: a proof from the record needs none of them."""
        if is_proof(item) and self.holds(item):
            item.user_properties.append(("proof", KEPT))
            item.fixturenames = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """In place of a test that passes from the record, run nothing."""
        return True if ("proof", KEPT) in pyfuncitem.user_properties else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Function) -> Generator[None, object, object]:
        if not is_proof(item) or ("proof", KEPT) in item.user_properties:
            return (yield)
        before = digest(item, _about(item))
        outcome = yield
        item.user_properties.append(("proof", ANEW))
        if self.cache is not None:
            self.cache.set(_key(item), before)
        return outcome


def totals(reports: Iterable[pytest.TestReport]) -> str | None:
    """One line: how many proofs were taken anew, and how many from the record."""
    counted = [value for report in reports for name, value in report.user_properties if name == "proof"]
    if not counted:
        return None
    return f"proofs: {counted.count(ANEW)} taken anew, {counted.count(KEPT)} from the record"
