"""A submitted file, read: its cells, whatever state the file is in, each cut to a size that a person could have written.

Nothing of the file survives but the text of its cells, the names that say which is which, and pictures pasted into them.
"""

import contextlib
import json
from typing import Any, NamedTuple

from autograde.outputs import is_picture

#: A notebook larger than this was not written by a person.
MAX_BYTES = 64 * 2**20

#: Nor was one with more brackets: JSON of many tiny containers swells forty times when read.
MAX_CONTAINERS = 2_000_000

MAX_CELLS = 2000

#: Of one cell and of all cells together, this many characters of text are read: more than a thousand pages.
MAX_TEXT, MAX_TEXT_TOGETHER = 1_000_000, 4_000_000

#: Of one pasted picture and of all together, this many characters of base64: photographs of a page written by hand.
MAX_PICTURE, MAX_PICTURES_TOGETHER = 8_000_000, 16_000_000

#: Names of cells and of pictures are at most this long.
MAX_NAME = 200


class Damaged(ValueError):
    """This file cannot be graded; the message is for the student."""


class Submitted(NamedTuple):
    """One cell of the file. ``left_out`` is how many characters it had, if those were too many to be read."""

    cell_type: str
    source: str
    cell_id: str | None
    grade_id: str | None
    attachments: dict[str, dict[str, str]]
    left_out: int = 0


def read(data: bytes, parts: int = MAX_CONTAINERS) -> list[Submitted]:
    """The cells of a notebook file. Raises :class:`Damaged` if ``data`` is not a notebook of any format.

    ``parts`` is how many brackets it may have: to read them takes a hundred times as much memory as the file has bytes.
    """
    if not data.strip():
        raise Damaged("The file is empty.")
    if len(data) > MAX_BYTES:
        raise Damaged(
            f"The file has more than the {MAX_BYTES // 2**20} MB that are read. "
            "Clear the outputs of large cells and submit again."
        )
    if data.count(b"[") + data.count(b"{") > parts:
        raise Damaged("The file has more parts than a notebook can have.")
    notebook = _parse(data)
    cells = _cells(notebook)
    if len(cells) > MAX_CELLS:
        raise Damaged(f"The notebook has {len(cells)} cells; at most {MAX_CELLS} are read.")
    if not cells:
        raise Damaged("The notebook has no cells.")
    return cells


#: What a file may be instead of text: how it begins.
BINARY = {
    b"PK\x03\x04": "The file is a zip archive without a notebook in it that could be read.",
    b"%PDF": "The file is a PDF, not a notebook.",
}


def decode(data: bytes) -> tuple[str, str]:
    """``(text, encoding)`` of a file that should be UTF-8. Raises :class:`Damaged`.

    A byte order mark decides; then UTF-8; then what old editors on Windows, and programs that forget the mark, make of JSON.
    """
    marks = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((encoding for mark, encoding in marks.items() if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8-sig"]:
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if "\0" not in text[:4]:
                return text, "utf-8" if encoding == "utf-8-sig" else encoding
    for begins, why in BINARY.items():
        if data.startswith(begins):
            raise Damaged(why)
    others = {b"{\0": "utf-16-le", b"\0{": "utf-16-be"}.get(data[:2], "windows-1252")
    with contextlib.suppress(UnicodeDecodeError):
        text = data.decode(others)
        if text.lstrip()[:1] == "{":
            return text, others
    raise Damaged("The file is not text: it was damaged on its way, or it is not a notebook.")


def _parse(data: bytes) -> dict[str, Any]:
    text, _ = decode(data)
    if text.lstrip()[:1] == "<":
        raise Damaged("The file is a web page, not a notebook: use File > Download in JupyterLab.")
    if text.lstrip()[:1] not in ("{", "["):
        begins = printable(text.strip()[:30])
        raise Damaged(f"The file is text, but not a notebook (it begins “{begins}”): submit the .ipynb file itself.")
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise Damaged("The file is nested more deeply than a notebook can be.") from None
    except ValueError as error:
        if "<<<<<<<" in text:
            raise Damaged("The file holds the marks of an unresolved git merge, so it cannot be read.") from None
        why = str(error)[:120] if isinstance(error, json.JSONDecodeError) else "a number in it is too long"
        raise Damaged(f"The file is not valid JSON ({why}): it was cut short or edited by hand.") from None
    if not isinstance(notebook, dict):
        raise Damaged("The file is JSON, but not a notebook.")
    return notebook


def _cells(notebook: dict[str, Any]) -> list[Submitted]:
    """Cells of a notebook of format 2, 3 or 4, taken only as far as they make sense."""
    found: list[Submitted] = []
    text, pictures = MAX_TEXT_TOGETHER, MAX_PICTURES_TOGETHER  # what is left of them
    for cell in _listed(notebook):
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        if not isinstance(source, str):
            continue
        left_out = len(source) if len(source) > min(MAX_TEXT, text) else 0
        if left_out:
            source = f"# This cell has {left_out:,} characters, which are too many to be read."
        text -= len(source)
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        attachments = _attachments(cell.get("attachments"), pictures)
        pictures -= sum(len(data) for files in attachments.values() for data in files.values())
        found.append(
            Submitted(cell["cell_type"], clean(source), _name(cell.get("id")), _name(grade_id), attachments, left_out)
        )
    return found


def _listed(notebook: dict[str, Any]) -> list[Any]:
    """The list of cells of a notebook; before format 4 it was in worksheets, and a code cell's text was its ``input``."""
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = [sheet.get("cells") for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = [
            {"source": cell.get("input"), **cell}
            for sheet in sheets
            if isinstance(sheet, list)
            for cell in sheet
            if isinstance(cell, dict)
        ]
    if not isinstance(cells, list):
        raise Damaged("The file is JSON, but not a notebook: it has no list of cells.")
    return cells


def clean(text: str) -> str:
    """Unix line ends, no lone surrogates: text that can be written as UTF-8."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")


def printable(text: object) -> str:
    """One line: ``text`` without control and direction characters, line ends and lone surrogates."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def _name(value: object) -> str | None:
    return value[:MAX_NAME] if isinstance(value, str) else None


def _attachments(value: object, room: int) -> dict[str, dict[str, str]]:
    """Pictures pasted into a written answer, up to ``room`` characters of them; anything else is dropped."""
    kept: dict[str, dict[str, str]] = {}
    for name, files in value.items() if isinstance(value, dict) else ():
        for kind, data in files.items() if isinstance(files, dict) else ():
            if len(name) <= MAX_NAME and is_picture(kind, data, min(MAX_PICTURE, room)):
                kept.setdefault(clean(name), {})[kind] = "".join(data.split())
                room -= len(data)
    return kept
