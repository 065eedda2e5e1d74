"""Notes on what had to be put right in a submitted notebook: the encoding, what is too long, names that were lost."""

from autograde import match
from autograde.cells import Assignment
from autograde.submitted import Submitted, decode, printable

#: ``(kind, text)``; ``kind`` is ``repair`` for what happens to honest people, ``tampering`` for what does not.
Note = tuple[str, str]


def on_the_file(data: bytes, submitted: list[Submitted], known: list[str | None], assignment: Assignment) -> list[Note]:
    """What was put right before any cell was looked at: the encoding, what is too long, names that were lost."""
    notes: list[Note] = []
    if (encoding := decode(data)[1]) != "utf-8":
        notes.append(("repair", f"the file was saved as {encoding}, and read as such; notebooks are UTF-8"))
    long = [f"cell {i + 1} ({cell.left_out:,} characters)" for i, cell in enumerate(submitted) if cell.left_out]
    if long:
        notes.append(("repair", f"{listed(long)} {was(long)} not read: no person writes that much"))
    unknown, missing = _unknown(submitted, assignment), _missing(known, assignment)
    if of_another_version(submitted, known, assignment):
        text = f"made from another version of this assignment: it has {len(unknown)} cells that are not in this one"
        more = f"{listed(missing)} {was(missing)} missing; those of this version were used"
        notes.append(("repair", f"{text} ({listed(unknown)}), and {more}"))
    elif unknown:
        calls = "a cell calls itself" if len(unknown) == 1 else f"{len(unknown)} cells call themselves"
        notes.append(("tampering", f"{calls} {listed([repr(name) for name in unknown])}, which the assignment has not"))
    by_name = match.named(submitted, assignment)
    by_text = [cell_id for cell_id, name in zip(known, by_name) if cell_id and not name]
    if by_text:
        lost = "its name" if len(by_text) == 1 else "their names"
        notes.append(("repair", f"{listed(by_text)} had lost {lost}, and {was(by_text)} known by the text"))
    return notes


def _unknown(submitted: list[Submitted], assignment: Assignment) -> list[str]:
    mine = {cell.id for cell in assignment.cells}
    return [cell.grade_id for cell in submitted if cell.grade_id is not None and cell.grade_id not in mine]


def _missing(known: list[str | None], assignment: Assignment) -> list[str]:
    return [cell.id for cell in assignment.cells if cell.id not in known]


def of_another_version(submitted: list[Submitted], known: list[str | None], assignment: Assignment) -> bool:
    """Whether several cells are there that this assignment has not, and several are not there that it has."""
    return len(_unknown(submitted, assignment)) > 1 and len(_missing(known, assignment)) > 1


def listed(names: list[str], most: int = 6) -> str:
    """``a, b and c``; of many, the first few and the number of the others."""
    names = [*names[: most - 1], f"{len(names) - most + 1} others"] if len(names) > most else names
    names = [printable(name[:80]) for name in names]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def was(names: list[str]) -> str:
    return "was" if len(names) == 1 else "were"
