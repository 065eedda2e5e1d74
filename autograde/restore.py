"""From a submitted file to the cells that will run, whatever state the file is in.

Nothing of the file survives but the text of its cells: every metadata, id and output
is built anew, test cells and locked cells come from the assignment, and what was
deleted, duplicated, moved, edited or forged is put right and noted.
"""

import base64
import contextlib
import json
import re
from dataclasses import dataclass, field

from autograde import match

#: A notebook larger than this was not written by a person.
MAX_BYTES = 64 * 2**20

#: Nor was one with more brackets: JSON of many tiny containers swells forty times when read.
MAX_CONTAINERS = 2_000_000

MAX_CELLS = 2000


class Damaged(ValueError):
    """This file cannot be graded; the message is for the student."""


@dataclass
class Restored:
    """Cells to run, in order (dicts), and notes on what was put right.

    A note is ``(kind, text)``; ``kind`` is ``repair`` for what happens to honest people,
    ``tampering`` for what does not. ``beside`` are the ids of written cells that are as
    they were given, and have text of the student's beside them; ``below`` says, by solution cell, that its function
    is defined below its tests.
    """

    cells: list
    notes: list = field(default_factory=list)
    beside: set = field(default_factory=set)
    below: dict = field(default_factory=dict)


def read(data):
    """The cells of a notebook file: ``[(cell_type, source, id, grade_id, attachments)]``.

    Raises :class:`Damaged` if ``data`` (bytes) is not a notebook of any format.
    """
    if not data.strip():
        raise Damaged("The file is empty.")
    if len(data) > MAX_BYTES:
        raise Damaged(
            f"The file has more than the {MAX_BYTES // 2**20} MB that are read. "
            "Clear the outputs of large cells and submit again."
        )
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS:
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


def decode(data):
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


def _parse(data):
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


def _cells(notebook):
    """Cells of a notebook of format 2, 3 or 4, taken only as far as they make sense."""
    cells = notebook.get("cells")
    if cells is None and isinstance(
        notebook.get("worksheets"), list
    ):  # before format 4; a code cell's text was its "input"
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
    found = []
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        if not isinstance(source, str):
            continue
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        found.append(
            (
                cell["cell_type"],
                clean(source),
                _text(cell.get("id")),
                _text(grade_id),
                _attachments(cell.get("attachments")),
            )
        )
    return found


def clean(text):
    """Unix line ends, no lone surrogates: text that can be written as UTF-8."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")


def printable(text):
    """One line: ``text`` without control and direction characters, line ends and lone surrogates."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def _text(value):
    return value if isinstance(value, str) else None


def _attachments(value):
    """Pictures pasted into a written answer; anything else is dropped."""
    if not isinstance(value, dict):
        return {}
    kept = {
        clean(name): {
            kind: data for kind, data in files.items() if kind in ("image/png", "image/jpeg") and _is_base64(data)
        }
        for name, files in value.items()
        if isinstance(files, dict)
    }
    return {name: files for name, files in kept.items() if files}


def _is_base64(data):
    try:
        return bool(base64.b64decode("".join(data.split()), validate=True))
    except (AttributeError, ValueError):
        return False


def inert(text, attachments=()):
    """A student's Markdown without what the browser of the person who grades it would run.

    nbconvert passes HTML and ``javascript:`` links on, and formgrader shows them with the
    rights of the instructor's server. A space makes visible text of tags, character
    references and such links; MathJax's links and styles go, and so does a reference to a picture that
    is not in ``attachments``, on which formgrader would break off.
    """
    # Markdown takes a backslash before punctuation away, and only then looks for references.
    text = re.sub(r"<(?=[A-Za-z/!?])|&(?=\\*#|[A-Za-z][A-Za-z0-9]*\\*;)", r"\g<0> ", text)
    text = re.sub(r"(?i)(j\s*a\s*v\s*a|v\s*b)(?=\s*s\s*c\s*r\s*i\s*p\s*t)", r"\1 ", text)
    text = re.sub(
        r"\\(href|style|class|cssId|data|require|csname|mmlToken|bbox|includegraphics)(?![A-Za-z])", r"\\text", text
    )
    return re.sub(
        r"attachment:([^\s)>\"']*)",
        lambda found: found[0] if found[1] in attachments else f"attachment {found[1]}",
        text,
    )


def restore(data, assignment):
    """The cells to run for a submitted file: the student's text in the assignment's frame.

    The student's cells keep their order. A test or locked cell stays where the student
    has it if everything of theirs that it follows in the assignment is before it. Else a
    locked cell comes right after that, since what the student added may need it, and a test as
    late as what follows it in the assignment allows, since it may need what the student added.
    The given imports come first where the student has changed them: a package, or a screen, that
    is only at their home would stop the others.
    """
    submitted = read(data)
    by_id = {cell.id: cell for cell in assignment.cells}
    known = match.known(submitted, assignment)
    if not any(known):
        raise Damaged(
            f"This is not {assignment.name}: none of its cells is in the notebook. "
            "If these are your answers to it, copy them into a fresh copy of the notebook and submit that."
        )
    restored = Restored([], _notes_on_the_file(data, submitted, known, assignment))
    other_version = any(text.startswith(OTHER_VERSION) for _, text in restored.notes)

    places = {}  # grade id -> sort key of the cell that fills its place
    floor, added = (-1, 0), 0
    edited, missing = [], []
    for place, cell in enumerate(assignment.cells):
        here = [i for i, cell_id in enumerate(known) if cell_id == cell.id]
        if len(here) > 1:
            restored.notes.append(("repair", f"{cell.id} was there {len(here)} times"))
        if cell.students:
            # Of several, the last that says something: it is the one that counts when all are run.
            answered = [i for i in here if submitted[i][1].strip() != cell.source.strip()]
            chosen = (answered or here)[-1] if here else None
        else:
            edited += [
                cell for i in here if submitted[i][1].split() not in (cell.released.split(), cell.source.split())
            ][:1]
            below = [i for i in here if (i, 0) > floor]
            if here and not below:
                restored.notes.append(("repair", f"{cell.id} was moved before what it depends on; it was put back"))
            chosen = below[0] if below else None
        if chosen is None:
            missing += [] if here else [cell.id]
            added += 1
            before = floor[0]
            if cell.kind == "test":
                later = {other.id for other in assignment.cells[place + 1 :]}
                before = (
                    next((i for i, known_id in enumerate(known) if i > before and known_id in later), len(submitted))
                    - 1
                )
            places[cell.id] = (before, added)
        else:
            places[cell.id] = (chosen, 0)
        floor = max(floor, places[cell.id])

    for kind, cells in (
        ("tampering", [cell.id for cell in edited if cell.kind == "test"]),
        ("repair", [cell.id for cell in edited if cell.kind != "test"]),
    ):
        if cells:
            restored.notes.append((kind, f"{_and(cells)} {_was(cells)} edited; the original was used"))
    if missing and not other_version:
        restored.notes.append(("repair", f"{_and(missing)} {_was(missing)} missing, and put back"))

    keyed = [
        (place, _known_cell(by_id[cell_id], submitted[place[0]] if place[1] == 0 else None))
        for cell_id, place in places.items()
    ]
    filled = {place[0] for place in places.values() if place[1] == 0}
    for i, (cell_type, source, _, _, attachments) in enumerate(submitted):
        spare = known[i] is not None and not by_id[known[i]].students
        if i not in filled and not spare:
            if cell_type != "code":
                source = inert(source, attachments)
            keyed.append(
                (
                    (i, 0),
                    {
                        "id": f"student-{i}",
                        "grade_id": None,
                        "cell_type": cell_type,
                        "test": False,
                        "source": source,
                        "attachments": _allowed(cell_type, attachments),
                        "nbgrader": None,
                    },
                )
            )
    restored.cells = [cell for _, cell in sorted(keyed, key=lambda pair: pair[0])]
    if assignment.imports and all(source.split() != assignment.imports.split() for _, source, *_ in submitted):
        restored.cells.insert(
            0,
            {
                "id": "imports",
                "grade_id": None,
                "cell_type": "code",
                "test": False,
                "source": assignment.imports,
                "attachments": {},
                "nbgrader": None,
            },
        )
    restored.below = match.below_its_tests(restored.cells, assignment)
    restored.notes += [("repair", text) for text in restored.below.values()]
    given = ["", *map(inert, assignment.given)]
    for cell in assignment.cells:
        if cell.kind == "written" and _answered_beside(restored.cells, cell, given):
            restored.beside.add(cell.id)
            restored.notes.append(
                ("repair", f"{cell.id} was left as it was, and there is text beside it, which a person will read")
            )
    return restored


#: How the note begins that says so.
OTHER_VERSION = "made from another version of this assignment"


def _notes_on_the_file(data, submitted, known, assignment):
    """What was put right before any cell was looked at: the encoding, names that were lost, another version."""
    notes = []
    if (encoding := decode(data)[1]) != "utf-8":
        notes.append(("repair", f"the file was saved as {encoding}, and read as such; notebooks are UTF-8"))
    mine = {cell.id for cell in assignment.cells}
    unknown = [cell[3] for cell in submitted if cell[3] is not None and cell[3] not in mine]
    missing = [cell.id for cell in assignment.cells if cell.id not in known]
    if len(unknown) > 1 and len(missing) > 1:
        text = f"{OTHER_VERSION}: it has {len(unknown)} cells that are not in this one ({_and(unknown)})"
        notes.append(
            ("repair", f"{text}, and {_and(missing)} {_was(missing)} missing; those of this version were used")
        )
    else:
        notes += [
            ("tampering", f"a cell calls itself {grade_id[:80]!r}, which the assignment has not")
            for grade_id in unknown
        ]
    by_name = match.named(submitted, assignment)
    by_text = [cell_id for cell_id, name in zip(known, by_name) if cell_id and not name]
    if by_text:
        notes.append(
            (
                "repair",
                f"{_and(by_text)} had lost {'its name' if len(by_text) == 1 else 'their names'}, and {_was(by_text)} known by the text",
            )
        )
    return notes


def _and(names, most=6):
    """``a, b and c``; of many, the first few and the number of the others."""
    names = [printable(name)[:80] for name in names]
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} others"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _was(names):
    return "was" if len(names) == 1 else "were"


def _answered_beside(cells, written, given):
    """Whether a written cell was left as it was, and the next cell or the one before is text that was not given."""
    at = next(i for i, cell in enumerate(cells) if cell["grade_id"] == written.id)
    if cells[at]["source"].strip() != written.source.strip():
        return False
    given = [text.split() for text in given]
    return any(
        cell["cell_type"] == "markdown" and cell["grade_id"] is None and cell["source"].split() not in given
        for cell in [*cells[max(0, at - 1) : at], *cells[at + 1 : at + 2]]
    )


def _known_cell(cell, submitted):
    """A cell of the assignment, with the student's text where it is the student's."""
    if not cell.students:
        source, attachments = cell.source, {}
    elif submitted is not None:
        source, attachments = submitted[1], submitted[4]
        if cell.cell_type != "code" and source.strip() != cell.source.strip():
            source = inert(source, attachments)
    elif cell.cell_type == "code":
        source, attachments = "# This cell was missing from the submission.", {}
    else:
        source, attachments = cell.source, {}
    return {
        "id": cell.id,
        "grade_id": cell.id,
        "cell_type": cell.cell_type,
        "test": cell.kind == "test",
        "source": source,
        "attachments": _allowed(cell.cell_type, attachments),
        "nbgrader": cell.metadata,
    }


def _allowed(cell_type, attachments):
    """nbformat knows none on a cell of code."""
    return {} if cell_type == "code" else attachments
