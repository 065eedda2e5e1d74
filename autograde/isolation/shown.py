"""What a sandbox shows of this machine, whichever way it is made: a list, of which nothing of people's is part.

Of the system and of Python's own folders, ``bin``, ``lib`` and their like; of this project, the library ``vaelab``, to a student
without the judge's half of its checks. What is hidden (:func:`hide`) stays so wherever it lies.
"""

import functools
import os
import site
import sys
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent


#: What of a system's or an interpreter's own folder is shown. Whatever else lies in there is people's: projects, submissions.
PREFIX = ("bin", "sbin", "lib", "lib32", "lib64", "libexec", "include", "share", "etc", "ssl", "pyvenv.cfg")

# The student's half of vaelab.checks; everything else in that folder is the judge's.
STUDENT_CHECKS = ("__init__.py", "message.py", "student", "replay")


def inside(prefix: str) -> list[str]:
    return [f"{prefix.rstrip('/')}/{name}" for name in PREFIX]


#: What is shown of the system: programs and libraries, and of its settings those that they read.
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", *inside("/usr"), *inside("/usr/local"))
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")


@functools.cache
def of_python() -> list[str]:
    """Of the interpreter's own folders what is on the list, and where packages are."""
    prefixes = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    paths = [path for prefix in prefixes for path in inside(prefix)]
    paths += [path for path in [*site.getsitepackages(), site.getusersitepackages()] if path in sys.path]
    return [path for path in paths if os.path.exists(path)]


def python() -> list[str]:
    """The same, but for what is shown of the system in any case."""
    return outermost(path for path in of_python() if not lies_in(path, [*inside("/usr"), *inside("/usr/local")]))


def outermost(paths: Iterable[str]) -> list[str]:
    """Those of ``paths`` that lie in no other."""
    kept: list[str] = []
    for path in sorted(paths, key=len):
        if not lies_in(path, kept):
            kept.append(path)
    return kept


def lies_in(path: str, folders: Iterable[str]) -> bool:
    inner = _parts(path)
    return any(inner[: len(outer)] == outer for outer in map(_parts, folders))


@functools.cache
def _parts(path: str) -> tuple[str, ...]:
    """Kept: the same few paths are compared a thousand times for each submission."""
    return Path(path).parts


#: Folders and files that no sandbox of this process shows, wherever they are: results, submissions, courses.
_hidden: set[str] = set()


def hide(paths: Iterable[Path | str]) -> None:
    """Let no sandbox that is started from now on show these."""
    _hidden.update(str(Path(path).resolve()) for path in paths)


def hidden() -> list[str]:
    """What is hidden, and there."""
    return [path for path in _hidden if os.path.exists(path)]


def private() -> list[str]:
    """What of the hidden, and of this project, lies in a folder that is shown, and has to be covered; none of it inside another."""
    library, project = vaelab(), vaelab().parent
    # Installed among other packages, the project is no more than its own two; else it has solutions, tests and submissions.
    own = [library, PACKAGE] if project.name in ("site-packages", "dist-packages") else [project, PACKAGE]
    seen = [*inside("/usr"), *inside("/usr/local"), *python()]
    found = {path for path in {*map(str, own), *hidden()} if os.path.exists(path) and lies_in(path, seen)}
    # What is inside the library is covered when that is shown again.
    return outermost(path for path in found if not within(path))


def within(path: str) -> bool:
    """Whether it lies within one of this project's packages, which are shown."""
    return any(Path(path) != folder and Path(path).is_relative_to(folder) for folder in (vaelab(), PACKAGE))


def vaelab() -> Path:
    import vaelab

    return Path(vaelab.__file__).resolve().parent


def environment(judge: bool = False) -> dict[str, str]:
    """The whole environment of a process in a sandbox."""
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
    return {
        "PATH": path,
        "PYTHONPATH": str(vaelab().parent),
        "HOME": "/home/student",
        "USER": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "random",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "KERAS_BACKEND": "tensorflow",
        "NBGRADER_EXECUTION": "autograde",
        # There are enough workers for all cores; and results do not depend on how many there are. Not one thread: with
        # a single one, oneDNN destroys memory in the gradient of a 1x1 convolution with strides (TensorFlow 2.21).
        "TF_NUM_INTRAOP_THREADS": "2",
        # Of the course's figures, the judge keeps the description only: HTML is not let through.
        "VAELAB_FIGURES": "described",
        # The judge's matrices are small: of its time, two thirds went to a second thread that waited for work by looking for it.
        **({"OPENBLAS_NUM_THREADS": "1"} if judge else {}),
    }
