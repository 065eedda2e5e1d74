"""An assignment's cells as grading needs them: plain data, which goes to the process that reads submissions."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

#: Exercises whose checks run what the student built a second time, where no cell has run.
REPLAYED = ("make_conv_encoder",)


def folder_of(name: str) -> str:
    """The assignment that a notebook belongs to, from the notebook's name (:mod:`autograde.course`)."""
    return name.partition("/")[0]


def stem_of(name: str) -> str:
    """What a notebook's file is called, without its suffix, from the notebook's name."""
    return name.rpartition("/")[2]


@dataclass(frozen=True)
class Cell:
    """A cell with nbgrader metadata.

    ``kind`` is ``solution`` (the student's code), ``written`` (the student's, graded by
    a person), ``test``, ``task`` (given; what the student does for it a person grades) or ``locked`` (given; run as it was
    given). ``judged``: nothing of this test runs in the student's kernel; the others are ordinary (:mod:`autograde.ordinary`).
    ``source`` is what nbgrader calls the source cell: solutions replaced by stubs,
    hidden tests in. ``released`` is what the student was given.
    """

    id: str
    kind: str
    cell_type: str
    source: str
    released: str
    points: float
    metadata: dict[str, Any]
    judged: bool = True

    @property
    def hidden(self) -> bool:
        """Whether the student's notebook lacks it, or a part of it."""
        return self.released != self.source

    @property
    def students(self) -> bool:
        return self.kind in ("solution", "written")


@dataclass(frozen=True)
class Assignment:
    """A notebook of an assignment: its :class:`Cell` objects, in order. ``name`` is the notebook's (:mod:`autograde.course`).

    ``imports`` is the text of the first cell of code, if it is given and nothing but imports;
    ``given`` are the texts of all cells that nbgrader leaves alone. ``layout`` has all cells, in order, as students were given
    them: ``(id or None, cell_type, text)``.
    """

    name: str
    cells: tuple[Cell, ...]
    imports: str = ""
    given: frozenset[str] = frozenset()
    layout: tuple[tuple[str | None, str, str], ...] = ()

    @property
    def file(self) -> str:
        """What students' files are called."""
        return f"{stem_of(self.name)}.ipynb"

    @property
    def max_score(self) -> float:
        return sum(cell.points for cell in self.cells)

    @property
    def replays(self) -> bool:
        """Whether grading it needs a process for replays."""
        tests = [cell.source for cell in self.cells if cell.kind == "test"]
        return any(f'"{exercise}.' in text for exercise in REPLAYED for text in tests)

    @property
    def version(self) -> str:
        """Changes whenever anything that can change a mark does."""
        parts = [self.name, [asdict(cell) for cell in self.cells], self.imports]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def packed(self) -> dict[str, Any]:
        """As plain JSON, for another process; :func:`unpacked` is the way back."""
        return {**asdict(self), "given": sorted(self.given)}


def unpacked(packed: dict[str, Any]) -> Assignment:
    """The assignment that :meth:`Assignment.packed` packed."""
    return Assignment(
        packed["name"],
        tuple(Cell(**cell) for cell in packed["cells"]),
        packed["imports"],
        frozenset(packed["given"]),
        tuple(tuple(one) for one in packed["layout"]),
    )
