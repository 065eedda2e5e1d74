"""Which cell of a submission is which of the assignment's, although a program dropped names or a person copied text.

A cell is known by its grade id, then by its cell id. What nothing is known by so is looked for by its text: the given text of a
test or a locked cell, the function that a solution cell defines, the place of an answer between cells that are known. Text
decides only which of the student's cells is theirs: tests and locked cells are the assignment's own in any case.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autograde.cells import Assignment, Cell

#: What a line at the left margin defines.
DEFINES = re.compile(r"^(?:(?:async )?def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)

#: ``(cell_type, source, cell id, grade id, …)``, as :func:`autograde.submitted.read` gives them.
Submitted = Sequence[tuple]


def known(submitted: Submitted, assignment: Assignment) -> list[str | None]:
    """For each submitted cell the id of the assignment's cell that it is, or None.

    Where all names are of another assignment, a text that is the same is no proof: such cells are not looked at.
    """
    ids = named(submitted, assignment)
    if not any(ids):
        submitted = [("", "", None, None) if one[3] is not None else one for one in submitted]
    missing = [cell for cell in assignment.cells if cell.id not in ids]
    if missing:
        texts = [_words(one[1]) for one in submitted]
        for cell in missing:
            if cell.kind != "written":
                _fill(ids, cell.id, _same_text(cell, texts, ids))
        for cell in missing:
            if cell.id not in ids:
                _fill(ids, cell.id, _same_function(cell, submitted, ids))
        _between([one[0] for one in submitted], texts, ids, assignment)
        # The text that stands where an answer is due is the same in all assignments: it says which cell, not which assignment.
        for cell in missing:
            if cell.id not in ids and cell.kind == "written" and any(ids):
                _fill(ids, cell.id, _same_text(cell, texts, ids))
    return ids


def _words(text: str) -> str:
    """``text`` as it is compared: programs change spaces and line ends."""
    return " ".join(text.split())


def _fill(ids: list[str | None], cell_id: str, at: int | None) -> None:
    if at is not None:
        ids[at] = cell_id


def named(submitted: Submitted, assignment: Assignment) -> list[str | None]:
    """The same by the names alone that nbgrader and Jupyter gave."""
    mine = {cell.id for cell in assignment.cells}
    return [
        grade_id if grade_id in mine else cell_id if cell_id in mine else None
        for _, _, cell_id, grade_id, *_ in submitted
    ]


def defined(source: str) -> set[str]:
    """The names of what ``source`` defines at the left margin."""
    return {function or variable for function, variable in DEFINES.findall(source)}


def _same_text(cell: Cell, texts: Sequence[str], ids: list[str | None]) -> int | None:
    given = {_words(text) for text in (cell.released, cell.source)} - {""}
    return next((i for i, text in enumerate(texts) if ids[i] is None and text in given), None)


def _same_function(cell: Cell, submitted: Submitted, ids: list[str | None]) -> int | None:
    names = defined(cell.released) if cell.kind == "solution" else set()
    found = [i for i, one in enumerate(submitted) if ids[i] is None and one[0] == "code" and names & defined(one[1])]
    return found[-1] if found else None


def _between(kinds: Sequence[str], texts: Sequence[str], ids: list[str | None], assignment: Assignment) -> None:
    """Fill in what stands alone, or in order, between two cells that are known by name or by the text that was given."""
    given = {"", *(_words(text) for _, _, text in assignment.layout)}
    places = _places(texts, ids, assignment)
    if not any(ids) and 2 * len(places) < max(1, sum(cell_id is None for cell_id, _, _ in assignment.layout)):
        return  # too little of this assignment's text to say that it is one
    for kind in ("code", "markdown"):
        open_cells = [
            (at, cell_id)
            for at, (cell_id, cell_type, _) in enumerate(assignment.layout)
            if cell_id and cell_id not in ids and cell_type == kind and _students(cell_id, assignment)
        ]
        for at, cell_id in open_cells:
            before = max((i for place, i in places.items() if place < at), default=-1)
            after = min((i for place, i in places.items() if place > at and i > before), default=len(texts))
            free = [
                i for i in range(before + 1, after) if ids[i] is None and kinds[i] == kind and texts[i] not in given
            ]
            if free:
                ids[free[0]] = cell_id
                places[at] = free[0]


def _students(cell_id: str, assignment: Assignment) -> bool:
    return any(cell.id == cell_id and cell.students for cell in assignment.cells)


def _places(texts: Sequence[str], ids: list[str | None], assignment: Assignment) -> dict[int, int]:
    """Where each cell of the assignment's layout stands in the submission, as far as that is known and in order."""
    places: dict[int, int] = {}
    last = -1
    for at, (cell_id, _, text) in enumerate(assignment.layout):
        words = _words(text)
        for i in range(last + 1, len(texts)) if words or cell_id else ():
            if ids[i] == cell_id if cell_id else ids[i] is None and texts[i] == words:
                places[at] = last = i
                break
    return places


def below_its_tests(cells: Sequence[Mapping[str, Any]], assignment: Assignment) -> dict[str, str]:
    """Sentences for people, by the id of a solution cell whose function the student defines below the tests of it only.

    ``cells`` are those that will run, in order. The tests of a solution cell are those up to the next one in the assignment.
    """
    position = {cell["grade_id"]: i for i, cell in enumerate(cells) if cell["grade_id"]}
    found = {}
    for solution, tests in tests_of(assignment):
        names = defined(solution.released)
        own = [i for i, cell in enumerate(cells) if not cell["grade_id"] and cell["cell_type"] == "code"]
        own = [i for i in own if names & defined(cells[i]["source"])]
        first = min((position[test.id] for test in tests), default=len(cells))
        if not own or min(own) < first:
            continue
        name = sorted(names & defined(cells[own[0]]["source"]))[0]
        untouched = cells[position[solution.id]]["source"].split() in (
            solution.source.split(),
            solution.released.split(),
        )
        found[solution.id] = (
            f"{name} is defined below its tests only: they ran before it, and saw the cell as it was given"
            if untouched
            else f"{name} is defined again below its tests, which saw the definition above them"
        )
    return found


def explain(findings: dict, below: dict[str, str], assignment: Assignment) -> None:
    """Where a test found nothing but the stub, and the function is defined below it, say that instead of "not written yet"."""
    for solution, tests in tests_of(assignment):
        for test in tests if solution.id in below else []:
            for verdict in findings["checks"].get(test.id, {}).get("verdicts", []):
                if verdict.get("status") == "not_done":
                    text = below[solution.id]
                    verdict["message"] = f"{text[0].upper()}{text[1:]}."
                    verdict["next_step"] = (
                        f"Move it into the cell {solution.id}, above its tests, and run all cells from the top."
                    )


def tests_of(assignment: Assignment) -> list[tuple[Cell, list[Cell]]]:
    """Each solution cell with the test cells that come after it, up to the next one."""
    found: list[tuple[Cell, list[Cell]]] = []
    for cell in assignment.cells:
        if cell.kind == "solution":
            found.append((cell, []))
        elif cell.kind == "test" and found:
            found[-1][1].append(cell)
    return found
