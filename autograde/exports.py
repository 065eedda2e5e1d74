"""Marks and feedback in the forms that others take: CSV for a spreadsheet, for Canvas and for Moodle, zips of pages for both.

A grade that still waits for a person is left blank in what an LMS imports: both skip blanks, and nobody sees half a mark.
Text that a spreadsheet would take for a formula begins with an apostrophe, and semicolons are commas.
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from autograde.ledger import write_safely

#: Columns of marks.csv, before those of the questions. ``cells`` of a line maps grade ids to points, or None.
COLUMNS = ("student", "name", "assignment", "score", "max_score", "automatic", "to_grade", "status", "late", "reason")

Line = dict


def write_all(out: Path, lines: Sequence[Line], out_of: Mapping[str, float] | None = None) -> None:
    """Write marks.csv, and for each assignment the files for Canvas and Moodle, into ``out``.

    ``lines`` are rows of marks (see :func:`autograde.marks.row_of`), sorted. ``out_of``: to how many points an assignment's marks
    are scaled for an LMS, by name, or "" for all.
    """
    _marks(out / "marks.csv", lines)
    for name in dict.fromkeys(line["assignment"] for line in lines):
        mine = [scaled(line, out_of or {}) for line in lines if line["assignment"] == name]
        write_csv(out / f"canvas_{name}.csv", canvas(name, mine))
        write_csv(out / f"moodle_{name}.csv", moodle(mine))
        for system, prefix in (("moodle", _moodle_prefix), ("canvas", _canvas_prefix)):
            _zip(out, f"{system}_feedback_{name}.zip", system, prefix, mine)


def scaled(line: Line, out_of: Mapping[str, float]) -> Line:
    """``line`` with its ``grade`` for an LMS: scaled, and None while a person has still to read something."""
    most = out_of.get(line["assignment"], out_of.get("", line["max_score"]))
    share = line["score"] / line["max_score"] if line["max_score"] else 0.0
    grade = line["score"] if most == line["max_score"] else round(share * most, 2)
    return {**line, "grade": None if line["to_grade"] else grade, "most": most}


def text(value: object) -> str:
    """A value that no spreadsheet takes for a formula, nor for the end of a cell.

    Where commas are decimal points, semicolons separate cells, and the quotes around a value count for nothing. Full-width
    signs are signs in some countries.
    """
    value = " ".join(str(value).replace(";", ",").split())
    return f"'{value}" if re.match(r"\W*[=+\-@]", unicodedata.normalize("NFKC", value)) else value


def write_csv(path: Path, rows: Iterable[Sequence], mark: str = "") -> None:
    """Write ``rows`` as CSV, safely; ``mark`` comes first."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    write_safely(path, mark + stream.getvalue())


def _marks(path: Path, lines: Sequence[Line]) -> None:
    questions = list(dict.fromkeys(cell for line in lines for cell in line["cells"]))
    rows = [[text(line[c]) if isinstance(line[c], str) else line[c] for c in COLUMNS] for line in lines]
    points = [["" if (p := line["cells"].get(q)) is None else p for q in questions] for line in lines]
    head = [*COLUMNS, *map(text, questions)]
    # Without the mark, Excel takes it for another encoding.
    write_csv(path, [head, *([*row, *more] for row, more in zip(rows, points))], mark="\ufeff")


def number(line: Line) -> str:
    """What the LMS calls the student: the roster may have given another id."""
    return line["origin"].get("number") or line["student"]


def _grade(line: Line) -> float | str:
    return "" if line["grade"] is None else line["grade"]


def canvas(name: str, lines: Sequence[Line]) -> list[list]:
    """Canvas: Grades > Import. Students are found by ID; a new column becomes a new assignment."""
    return [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", text(name)],
        ["    Points Possible", "", "", "", "", lines[0]["most"] if lines else 0],
        *([text(line["name"] or line["student"]), text(number(line)), "", "", "", _grade(line)] for line in lines),
    ]


def moodle(lines: Sequence[Line]) -> list[list]:
    """Moodle: the grading worksheet. It wants the column of dates, filled or not; an empty comment deletes Moodle's."""
    head = ["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)", "Feedback comments"]
    rows = [
        [text(f"Participant {number(line)}"), text(line["name"]), _grade(line), line["most"], "", text(line["reason"])]
        for line in lines
    ]
    return [head, *rows] if any(line["reason"] for line in lines) else [row[:-1] for row in [head, *rows]]


def _moodle_prefix(line: Line) -> str:
    """The folder's parts between underscores are what Moodle reads: a name has none, and the number is the second."""
    name = re.sub(r"[_/\\\0-\x1f]+", " ", line["name"]).strip() or "Participant"
    return f"{name}_{number(line)}_assignfeedback_file/"


def _canvas_prefix(line: Line) -> str:
    """As the submission was called in the download: its number says which one the page is about."""
    return line["origin"]["prefix"]


def _zip(out: Path, name: str, system: str, prefix: Callable[[Line], str], lines: Sequence[Line]) -> None:
    """The pages of those whose submissions came from ``system``, under the names that its importer knows."""
    mine = [line for line in lines if line["origin"].get("system") == system]
    pages = {f"{prefix(line)}{Path(page).name}": out / page for line in mine for page in line["pages"]}
    if not pages:
        return
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, page in sorted(pages.items()):
            archive.writestr(zipfile.ZipInfo(path), page.read_bytes(), zipfile.ZIP_DEFLATED)
    write_safely(out / name, stream.getvalue())
