"""Copies of the project for tests that change one."""

import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def copy_project(target: Path) -> Path:
    """A project folder `target` with nbgrader's configuration and the release script, without any assignment."""
    for name in ("autograde/nbgrader_config.py", "tools/release.py", "solutions/jupytext.toml", "course/README.md"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, target / name)
    return target
