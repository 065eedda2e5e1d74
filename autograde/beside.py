"""What lies beside a notebook while it runs: the files that came with the assignment, and those that the student handed in.

nbgrader does the same: helper modules and data of a student's are there, and what the instructor gave replaces a changed copy.
"""

import fnmatch
import zipfile
from collections.abc import Mapping
from pathlib import Path

from autograde.course import nbgrader_config, source_folder
from autograde.intake.files import File

#: Bytes of all files together, and how many; what is beyond is left out, largest last.
MOST, MOST_FILES = 20 * 2**20, 200

#: What nbgrader leaves in the source folder where its configuration says nothing.
IGNORED = (".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback")

Files = tuple[tuple[str, bytes], ...]


def of_assignment(name: str, course: Path) -> Files:
    """The files that students were given beside the notebooks of the assignment ``name``."""
    ignored = [*nbgrader_config(course).CourseDirectory.get("ignore", IGNORED), "*.ipynb", f"{name}.py", ".*"]
    folder = source_folder(course) / name
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    paths = [path for path in paths if not any(_matches(part, ignored) for part in path.relative_to(folder).parts)]
    return _cut(
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.stat().st_size <= MOST}
    )


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def together(given: Files, handed_in: Mapping[str, File]) -> Files:
    """The files of a submission: ``handed_in`` by path, and those ``given``, which win. What cannot be read is not there."""
    found, room = {}, MOST
    for path, file in sorted(handed_in.items())[:MOST_FILES]:
        try:
            content = file.read(room)
        except (OSError, zipfile.BadZipFile):
            continue
        if len(content) <= room and _inside(path):
            found[path] = content
            room -= len(content)
    return _cut({**found, **dict(given)})


def _inside(path: str) -> bool:
    """Whether a path leads further in, and can be written down."""
    parts = path.split("/")
    return (
        len(path) <= 200
        and path.isprintable()
        and all(part not in ("", ".", "..") for part in parts)
        and "\\" not in path
    )


def _cut(files: Mapping[str, bytes]) -> Files:
    kept, room = [], MOST
    for path, content in sorted(files.items(), key=lambda one: len(one[1]))[:MOST_FILES]:
        room -= len(content)
        if room < 0:
            break
        kept.append((path, content))
    return tuple(sorted(kept))
