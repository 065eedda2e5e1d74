"""What some tests need of the machine, and whether it is there: a reason for each that is not.

A test says what it needs by its marker; ``tests/conftest.py`` skips it with the reason, or, where
``CI`` is set, lets it fail: a machine that proves the project must have everything.
"""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def chromium() -> str | None:
    """The path of the system's Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def postgresql() -> Path | None:
    """The folder of PostgreSQL's server programs: on the PATH, or where Debian's wrappers look for them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if shutil.which("pg_lsclusters") is None:
        return None
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return folders[-1] if folders else None


def _no_sandbox() -> str | None:
    if os.environ.get("AUTOGRADE_SANDBOX") == "landlock":  # the tests are run against the second one
        from autograde.isolation.landlock import Landlock

        return Landlock().obstacle()
    if sys.platform != "linux":
        return "bubblewrap runs on Linux alone"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    line = ["bwrap", "--unshare-user", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    tried = subprocess.run([*line, "true"], capture_output=True, text=True, timeout=30)
    if tried.returncode != 0:
        return f"user namespaces are switched off here ({tried.stderr.strip()})"
    return None


def _no_browser() -> str | None:
    return None if chromium() else "Chromium is not installed"


def _no_postgresql() -> str | None:
    return None if postgresql() else "PostgreSQL is not installed"


def _no_full_data() -> str | None:
    found = Path("/usr/share/datasets/fashion-mnist").is_dir()
    return None if found else "Debian's package dataset-fashion-mnist is not installed"


def _no_network() -> str | None:
    """Whether pip reaches its package index: as it is configured here, through a mirror or a proxy."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "pip"]
    tried = subprocess.run([*command, "--retries", "0", "--timeout", "10"], capture_output=True, text=True)
    return None if tried.returncode == 0 else "pip does not reach its package index"


def _no_site() -> str | None:
    return None if importlib.util.find_spec("sphinx") else "`make site` installs it"


#: By marker: what its tests need, in words, and the function that says what is missing.
NEEDS: dict[str, tuple[str, Callable[[], str | None]]] = {
    "sandbox": ("a sandbox", _no_sandbox),
    "browser": ("a browser", _no_browser),
    "postgresql": ("a PostgreSQL server", _no_postgresql),
    "full_data": ("all 70,000 images", _no_full_data),
    "network": ("the network", _no_network),
    "site": ("what builds the site", _no_site),
}


@functools.cache
def missing(marker: str) -> str | None:
    """Why tests with this marker cannot run here: "a sandbox: bubblewrap is not installed"; None if they can."""
    what, look = NEEDS[marker]
    why = look()
    return f"{what}: {why}" if why else None
