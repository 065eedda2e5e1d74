"""From a submitted file to the cells that will run, whatever state the file is in.

Nothing of the file survives but the text of its cells: every metadata, id and output
is built anew, test cells and locked cells come from the assignment, and what was
deleted, duplicated, moved, edited or forged is put right and noted.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

from autograde import match
from autograde.cells import Assignment, Cell
from autograde.inert import MAX_SHOWN, MAX_SHOWN_TOGETHER, PAGE_IDS, inert, inert_code
from autograde.repairs import Note, listed, of_another_version, on_the_file, was
from autograde.submitted import Damaged, Submitted, read


class OrdinaryTest(TypedDict):
    """What the judge's process needs to know of a test that runs in the student's kernel; ``shown``: students have its source."""

    points: float
    shown: bool


class RestoredCell(TypedDict):
    """A cell to run, and ``shown``, the text of it that people see, where the student's own could harm or delay them.

    A note is ``(kind, text)``; ``kind`` is ``repair`` for what happens to honest people, ``tampering`` for what does not.
    """

    id: str
    grade_id: str | None
    cell_type: str
    test: bool
    source: str
    shown: str
    attachments: dict[str, dict[str, str]]
    nbgrader: dict[str, Any] | None
    ordinary: OrdinaryTest | None


@dataclass
class Restored:
    """Cells to run, in order, and notes on what was put right.

    A note is ``(kind, text)``; ``kind`` is ``repair`` for what happens to honest people,
    ``tampering`` for what does not. ``beside`` are the ids of written cells that are as
    they were given, and have text of the student's beside them; ``below`` says, by solution cell, that its function
    is defined below its tests.
    """

    cells: list[RestoredCell]
    notes: list[Note] = field(default_factory=list)
    beside: set[str] = field(default_factory=set)
    below: dict[str, str] = field(default_factory=dict)


class Place(NamedTuple):
    """Where a cell stands: ``added`` is 0 for the submitted cell of this number, else what comes after it, in this order."""

    submitted: int
    added: int


def restore(data: bytes, assignment: Assignment) -> Restored:
    """The cells to run for a submitted file: the student's text in the assignment's frame.

    The student's cells keep their order. A test or locked cell stays where the student
    has it if everything of theirs that it follows in the assignment is before it. Else a
    locked cell comes right after that, since what the student added may need it, and a test as
    late as what follows it in the assignment allows, since it may need what the student added.
    The given imports come first where the student has changed them: a package, or a screen, that
    is only at their home would stop the others.
    """
    submitted = read(data)
    known = match.known(submitted, assignment)
    if not any(known):
        raise Damaged(
            f"This is not {assignment.file}: none of its cells is in the notebook. "
            "If these are your answers to it, copy them into a fresh copy of the notebook and submit that."
        )
    notes = on_the_file(data, submitted, known, assignment)
    places, more = _places(submitted, known, assignment)
    cells = _assembled(submitted, known, places, assignment)
    restored = Restored(cells, [*notes, *more])
    restored.below = match.below_its_tests(cells, assignment)
    restored.notes += [("repair", text) for text in restored.below.values()]
    given = {"", *(text.strip() for text in assignment.given)}
    for cell in assignment.cells:
        if cell.kind == "written" and _answered_beside(cells, cell, given):
            restored.beside.add(cell.id)
            restored.notes.append(
                ("repair", f"{cell.id} was left as it was, and there is text beside it, which a person will read")
            )
    return restored


# --- choose and place -------------------------------------------------------------------


def _places(
    submitted: list[Submitted], known: list[str | None], assignment: Assignment
) -> tuple[dict[str, Place], list[Note]]:
    """The place of each cell of the assignment, by its id, and what had to be put right for that."""
    places: dict[str, Place] = {}
    floor, added = Place(-1, 0), 0
    notes: list[Note] = []
    edited: list[Cell] = []
    missing: list[str] = []
    for number, cell in enumerate(assignment.cells):
        here = [i for i, cell_id in enumerate(known) if cell_id == cell.id]
        if len(here) > 1:
            notes.append(("repair", f"{cell.id} was there {len(here)} times"))
        if not here:
            missing.append(cell.id)
        if not cell.students and _edited(cell, here, submitted):
            edited.append(cell)
        chosen = _chosen(cell, here, submitted, floor)
        if chosen is None and here:
            notes.append(("repair", f"{cell.id} was moved before what it depends on; it was put back"))
        if chosen is None:
            added += 1
            places[cell.id] = Place(_after(number, floor, known, assignment), added)
        else:
            places[cell.id] = Place(chosen, 0)
        floor = max(floor, places[cell.id])
    for kind, ids in (
        ("tampering", [cell.id for cell in edited if cell.kind == "test"]),
        ("repair", [cell.id for cell in edited if cell.kind != "test"]),
    ):
        if ids:
            notes.append((kind, f"{listed(ids)} {was(ids)} edited; the original was used"))
    if missing and not of_another_version(submitted, known, assignment):
        notes.append(("repair", f"{listed(missing)} {was(missing)} missing, and put back"))
    return places, notes


def _chosen(cell: Cell, here: list[int], submitted: list[Submitted], floor: Place) -> int | None:
    """The number of the submitted cell that is ``cell``, of those ``here`` that could be; None if it has to be put back."""
    if not cell.students:
        return next((i for i in here if Place(i, 0) > floor), None)
    # Of several, the last that says something: it is the one that counts when all are run.
    answered = [i for i in here if submitted[i].source.strip() != cell.source.strip()]
    return (answered or here)[-1] if here else None


def _edited(cell: Cell, here: list[int], submitted: list[Submitted]) -> bool:
    given = (cell.released.split(), cell.source.split())
    return any(submitted[i].source.split() not in given for i in here)


def _after(number: int, floor: Place, known: list[str | None], assignment: Assignment) -> int:
    """The number of the submitted cell after which the assignment's cell of this ``number`` is put back."""
    if assignment.cells[number].kind != "test":
        return floor.submitted
    later = {other.id for other in assignment.cells[number + 1 :]}
    return next((i for i, cell_id in enumerate(known) if i > floor.submitted and cell_id in later), len(known)) - 1


# --- assemble ---------------------------------------------------------------------------


class _Showing:
    """What people see of the student's cells: each made inert, and no more of all together than formgrader can convert."""

    def __init__(self, assignment: Assignment) -> None:
        ids = [cell.id for cell in assignment.cells]
        self.names = PAGE_IDS.union(ids, (f"{i}-comment" for i in ids), (f"{i}_extra_credit" for i in ids))
        self.given = {text.strip() for text in assignment.given}
        self.given |= {text.strip() for cell in assignment.cells for text in (cell.source, cell.released)}
        self.left = MAX_SHOWN_TOGETHER

    def of(self, cell_type: str, source: str, attachments: dict[str, dict[str, str]]) -> str:
        if source.strip() in self.given:
            return source
        if len(source[:MAX_SHOWN]) > self.left:
            return f"# {len(source)} characters are left out here: the notebook has more text than can be shown."
        self.left -= len(source[:MAX_SHOWN])
        return inert_code(source) if cell_type == "code" else inert(source, attachments, names=self.names)


def _assembled(
    submitted: list[Submitted], known: list[str | None], places: dict[str, Place], assignment: Assignment
) -> list[RestoredCell]:
    """All cells in their order. Those of the assignment are shown first, before what the student added takes the room."""
    showing = _Showing(assignment)
    students = {cell.id for cell in assignment.cells if cell.students}
    placed: list[tuple[Place, RestoredCell]] = []
    for cell in assignment.cells:
        place = places[cell.id]
        placed.append((place, _known_cell(cell, submitted[place.submitted] if place.added == 0 else None, showing)))
    filled = {place.submitted for place in places.values() if place.added == 0}
    for i, own in enumerate(submitted):
        if i not in filled and (known[i] is None or known[i] in students):
            placed.append((Place(i, 0), _own_cell(f"student-{i}", own, showing)))
    cells = [cell for _, cell in sorted(placed, key=lambda pair: pair[0])]
    imports = assignment.imports
    if imports and all(cell.source.split() != imports.split() for cell in submitted):
        cells.insert(0, _cell("imports", "code", imports, imports))
    return cells


def _known_cell(cell: Cell, submitted: Submitted | None, showing: _Showing) -> RestoredCell:
    """A cell of the assignment, with the student's text where it is the student's."""
    attachments: dict[str, dict[str, str]] = {}
    source = shown = cell.source
    if cell.students and submitted is not None:
        attachments = submitted.attachments if cell.cell_type != "code" else {}
        source = submitted.source
        shown = showing.of(cell.cell_type, source, attachments)
    elif cell.students and cell.cell_type == "code":
        source = shown = "# This cell was missing from the submission."
    return of_the_assignment(cell, _cell(cell.id, cell.cell_type, source, shown, attachments))


def of_the_assignment(cell: Cell, restored: RestoredCell) -> RestoredCell:
    """``restored`` with what is the same for a cell of the assignment whatever was handed in."""
    ordinary = cell.kind == "test" and not cell.judged
    restored["grade_id"], restored["test"], restored["nbgrader"] = cell.id, cell.kind == "test", cell.metadata
    restored["ordinary"] = {"points": cell.points, "shown": not cell.hidden} if ordinary else None
    return restored


def _own_cell(name: str, cell: Submitted, showing: _Showing) -> RestoredCell:
    """A cell that the student added. One of raw text, which a page could take for anything, is shown as Markdown."""
    if cell.cell_type == "code":
        return _cell(name, "code", cell.source, showing.of("code", cell.source, {}))
    return _cell(name, "markdown", cell.source, showing.of("markdown", cell.source, cell.attachments), cell.attachments)


def _cell(
    name: str, cell_type: str, source: str, shown: str, attachments: dict[str, dict[str, str]] | None = None
) -> RestoredCell:
    return {
        "id": name,
        "grade_id": None,
        "cell_type": cell_type,
        "test": False,
        # Only code is run; of other text no more is used than is shown.
        "source": source if cell_type == "code" else source[: MAX_SHOWN + 1],
        "shown": shown,
        "attachments": attachments or {},
        "nbgrader": None,
        "ordinary": None,
    }


def _answered_beside(cells: list[RestoredCell], written: Cell, given: set[str]) -> bool:
    """Whether a written cell was left as it was, and the next cell or the one before is text that was not given."""
    at = next(i for i, cell in enumerate(cells) if cell["grade_id"] == written.id)
    if cells[at]["source"].strip() != written.source.strip():
        return False
    return any(
        cell["cell_type"] == "markdown" and cell["grade_id"] is None and cell["source"].strip() not in given
        for cell in [*cells[max(0, at - 1) : at], *cells[at + 1 : at + 2]]
    )
