"""Every file of a folder or a zip, whatever students named or made; nothing is unpacked, and nothing stops the others.

Archives are read in memory, member by member, so a path in an archive leads nowhere. Links are not followed. A file that
cannot be opened, an empty folder, a link, an encrypted member: each is listed with its reason.
"""

import contextlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograde import submitted

# What operating systems and editors leave beside people's files.
LITTER = re.compile(r"(^|/)(__MACOSX|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)(/|$)")
CHECKPOINT = re.compile(r"\.ipynb_checkpoints/(?P<name>[^/]*)-checkpoint\.ipynb$")

#: A notebook by its name: ``02_vae.ipynb``, and what browsers make of it (``02_vae.ipynb.txt``, ``….ipynb.json``).
NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json|download|crdownload|part))?$", re.IGNORECASE)

#: Bytes of a file that tell whether it is a notebook under another name: both words are near its beginning.
HEAD = 64 * 2**10

#: A zip inside a submission is looked into if it has at most this many bytes and members.
MAX_ZIP, MAX_MEMBERS = submitted.MAX_BYTES, 5000


class IntakeError(ValueError):
    """There is nothing here that looks like submissions of this; the message says what was expected."""


@dataclass(frozen=True)
class File:
    """A file in a folder (``archive`` None) or a member of a zip, not yet read.

    ``within`` is a path in the zip that this file itself is. ``notebook``: whether it is one, by its name or by how it begins.
    """

    path: str
    root: Path
    archive: Path | None = None
    modified: float = 0.0
    within: str = ""
    notebook: bool = False

    def read(self, most: int = submitted.MAX_BYTES) -> bytes:
        """Its bytes, at most one more than ``most``. Raises OSError and zipfile.BadZipFile."""
        if not self.within:
            return self._read(most)
        data = io.BytesIO(self._read(MAX_ZIP))
        with _trouble_of_the_file(), zipfile.ZipFile(data) as archive, archive.open(self.within) as stream:
            return stream.read(most + 1)

    def _read(self, most: int) -> bytes:
        if self.archive is None:
            # It was a regular file when it was listed. A link or a pipe that has taken its place holds nobody up.
            how = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            descriptor = os.open(self.root / self.path, how)
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read(most + 1)
        with _trouble_of_the_file(), zipfile.ZipFile(self.archive) as archive, archive.open(self.path) as stream:
            return stream.read(most + 1)

    @property
    def shown(self) -> str:
        """Its path as people may see it."""
        return submitted.printable(f"{self.path}/{self.within}" if self.within else self.path)

    @property
    def parts(self) -> tuple[str, ...]:
        """Of its path, those that lead further in; a zip inside a submission is a file like any other."""
        return parts(self.path)

    @property
    def name(self) -> str:
        """The last part of its path, in a zip if it is in one."""
        return (parts(self.within) or self.parts or ("",))[-1]

    @property
    def litter(self) -> bool:
        """Whether an operating system or an editor left it there, and no student."""
        return bool(LITTER.search(self.within or self.path))


@dataclass
class Listing:
    """What a source holds: files, and ``(path, reason)`` of what cannot be one."""

    files: list[File] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, path: str, reason: str) -> None:
        self.refused.append((submitted.printable(path), reason))


def parts(path: str) -> tuple[str, ...]:
    """The parts of a path that lead further in."""
    return tuple(part for part in PurePosixPath(path.replace("\\", "/")).parts if part not in ("..", "/"))


def listing(source: Path) -> Listing:
    """Every regular file under ``source``, a folder or a zip, with what cannot be one refused. Raises IntakeError."""
    listed = Listing()
    if source.is_dir():
        _walk(source, listed)
    elif source.exists():
        _members(source, listed)
    else:
        raise IntakeError(f"there is no {source}.")
    listed.files[:] = _opened(listed)
    paths = {file.path for file in listed.files}
    for file in listed.files:
        if CHECKPOINT.search(file.path) and CHECKPOINT.sub(r"\g<name>.ipynb", file.path) not in paths:
            listed.refuse(file.path, "a copy that Jupyter made of a notebook which is not here")
    return listed


def _walk(source: Path, listed: Listing) -> None:
    def closed(error: OSError) -> None:
        listed.refuse(os.path.relpath(os.fsdecode(error.filename), source), f"cannot be opened ({error.strerror})")

    for folder, folders, names in os.walk(source, onerror=closed):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*names, *links]):
            path = os.path.join(folder, name)
            shown = Path(os.path.relpath(path, source)).as_posix()
            try:
                status = os.lstat(path)
            except OSError as error:
                listed.refuse(shown, f"cannot be opened ({error.strerror})")
                continue
            file = File(shown, source, modified=status.st_mtime)
            if file.litter or stat.S_ISREG(status.st_mode):
                listed.files.append(file)
            else:
                listed.refuse(shown, "not a regular file (a link, a pipe or a device)")
        if not folders and not names and folder != os.fspath(source) and not LITTER.search(folder):
            listed.refuse(os.path.relpath(folder, source), "an empty folder: nothing was handed in")


def _members(source: Path, listed: Listing) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise IntakeError(f"{source} is neither a folder nor a readable zip archive ({error}).") from None
    except UnicodeDecodeError:
        raise IntakeError(f"{source} has a file whose name is damaged: unpack it, and grade the folder.") from None
    seen: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        if member.filename in seen and not LITTER.search(member.filename) and not member.is_dir():
            listed.refuse(member.filename, "the archive holds this name twice; the last was taken")
        seen[member.filename] = member
    folders = [name for name, member in seen.items() if member.is_dir() and name.strip("/")]
    for name in folders:
        if not LITTER.search(name) and not any(other != name and other.startswith(name) for other in seen):
            listed.refuse(name, "an empty folder: nothing was handed in")
    for name, member in seen.items():
        if not member.is_dir() and (reason := _unreadable(member)) and not LITTER.search(name):
            listed.refuse(name, reason)
        elif not member.is_dir():
            listed.files.append(File(name, source.parent, source, _modified(member)))


def _unreadable(member: zipfile.ZipInfo) -> str | None:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "not a regular file (a link)"
    return "encrypted" if member.flag_bits & 1 else None


def _modified(member: zipfile.ZipInfo) -> float:
    try:
        return datetime(*member.date_time, tzinfo=UTC).timestamp()
    except ValueError:  # the 31st of February, say
        return 0.0


def _opened(listed: Listing) -> Iterator[File]:
    """The files that can be opened, each with whether it is a notebook; a zip with notebooks becomes what is in it."""
    for file in list(listed.files):
        if file.litter:
            yield file
            continue
        try:
            head = file.read(HEAD)
        except zipfile.BadZipFile:  # a damaged member is still its student's
            head = b""
        except OSError as error:
            listed.refuse(file.path, f"cannot be opened ({error.strerror or error})")
            continue
        inside = _inside(file) if head.startswith(b"PK\x03\x04") else []
        yield from inside or [replace(file, notebook=is_notebook(file.path, head))]


def _inside(file: File) -> list[File]:
    """The files of a zip that a student handed in, or none if there is no notebook in it."""
    try:
        data = file.read(MAX_ZIP)
        if len(data) > MAX_ZIP or data.count(b"PK\x01\x02") > MAX_MEMBERS:
            return []
        with _trouble_of_the_file(), zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {member.filename: member for member in archive.infolist()}
            found = []
            for name, member in members.items():
                if member.is_dir() or _unreadable(member) or LITTER.search(name):
                    continue
                with contextlib.suppress(zipfile.BadZipFile), _trouble_of_the_file(), archive.open(member) as stream:
                    known = is_notebook(name, b"" if NOTEBOOK.search(name) else stream.read(HEAD))
                    found.append(replace(file, within=name, modified=_modified(member), notebook=known))
    except (OSError, zipfile.BadZipFile):
        return []
    return found if any(inside.notebook for inside in found) else []


def is_notebook(name: str, head: bytes) -> bool:
    """Whether a file is a notebook, by its name or, whatever it is called, by how it begins."""
    if NOTEBOOK.search(name):
        return True
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return (
        text.startswith(b"{")
        and (b'"cells"' in text or b'"worksheets"' in text)
        and (b'"cell_type"' in text or b'"nbformat"' in text)
    )


@contextlib.contextmanager
def _trouble_of_the_file() -> Iterator[None]:
    """Whatever a damaged archive makes zipfile, zlib, bz2, lzma or struct raise becomes BadZipFile; the disk's troubles stay."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise zipfile.BadZipFile(f"a damaged member of the archive: {error}") from None
