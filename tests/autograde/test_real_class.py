"""A class as Moodle hands it out: every mess with the right mark, a true reason, and pages that go back where they came from."""

import csv
import io
import json
import zipfile

import nbformat
import pytest
from grading_helpers import COURSE, MEANED, RIGHT, answered, as_bytes, cell, released

from autograde.cli import main

DEFINED = f"from keras import ops\n\ndef kl_term(z_mean, z_log_var):\n    {RIGHT}"


def zipped(contents):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return stream.getvalue()


def without_names(notebook):
    for i, one in enumerate(notebook.cells):
        one.metadata, one.id = {}, f"x{i}"
    return notebook


def of_last_year(notebook):
    for one in notebook.cells:
        name = one.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("test_"):
            one.metadata["nbgrader"]["grade_id"] = one.id = f"cell-2025-{name}"
            one.source += "  # as it was"
    return notebook


def without_tests(notebook):
    notebook.cells = [
        one for one in notebook.cells if not one.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")
    ]
    return notebook


def with_cell(notebook, code, before=None):
    at = notebook.cells.index(cell(notebook, before)) if before else len(notebook.cells)
    notebook.cells.insert(at, nbformat.v4.new_code_cell(code))
    return notebook


def old_minor(notebook):
    notebook.nbformat_minor = 2
    for one in notebook.cells:
        one.pop("id", None)
    return notebook


BOOK = as_bytes(answered())
HELPER = with_cell(answered("return my_kl(z_mean, z_log_var)"), "from helpers import my_kl", before="kl_term")
HELPERS = DEFINED.replace("kl_term", "my_kl").encode()
CP1252 = json.dumps(answered(written="Er zieht zurück – immer"), ensure_ascii=False).encode("windows-1252")

#: Files in a student's folder, points for code of 6, and what is said (of the result: notes, reason and verdicts), or None.
CLASS = {
    "plain": ({"mini.ipynb": BOOK}, 6, None),
    "odd name, old format": ({"my homework final.ipynb": as_bytes(old_minor(answered(MEANED)))}, 1, None),
    "zip inside": ({"submission.zip": zipped({"work/mini.ipynb": BOOK, "__MACOSX/._mini.ipynb": b"x"})}, 6, "handed in as"),
    "html and a copy": ({"mini.html": b"<html>", "mini (1).ipynb": BOOK}, 6, "mini.html"),
    "BOM": ({"mini.ipynb": b"\xef\xbb\xbf" + BOOK}, 6, None),
    "Windows-1252": ({"mini.ipynb": CP1252}, 6, "windows-1252"),
    "txt": ({"mini.ipynb.txt": BOOK}, 6, "handed in as"),
    "tests deleted": ({"mini.ipynb": as_bytes(without_tests(answered()))}, 6, "were missing, and put back"),
    "last year": ({"mini.ipynb": as_bytes(of_last_year(answered()))}, 6, "another version of this assignment"),
    "own cell": ({"mini.ipynb": as_bytes(with_cell(released(), DEFINED, before="test_kl_term_shape"))}, 6, None),
    "below the tests": ({"mini.ipynb": as_bytes(with_cell(released(), DEFINED))}, 0, "defined below its tests only"),
    "names gone": ({"mini.ipynb": as_bytes(without_names(answered()))}, 6, "known by the text"),
    "helper": ({"mini.ipynb": as_bytes(HELPER), "helpers.py": HELPERS}, 6, "helpers.py"),
    "no notebook": ({"essay.pdf": b"%PDF"}, 0, "No notebook was submitted, but:"),
    "not begun": ({"mini.ipynb": as_bytes(released())}, 0, "not written yet"),
    "other course's": ({"mini.ipynb": as_bytes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]))}, 0, "This is not mini"),
}  # fmt: skip


@pytest.mark.sandbox
def test_every_mess_gets_the_right_mark_and_a_true_reason(tmp_path, capsys):
    number = {name: str(1000 + i) for i, name in enumerate(CLASS)}
    members = {
        f"{name}_{number[name]}_assignsubmission_file/{file}": data
        for name, (files, _, _) in CLASS.items()
        for file, data in files.items()
    }
    members["empty_999_assignsubmission_file/"] = b""
    (tmp_path / "class.zip").write_bytes(zipped(members))
    out = tmp_path / "out"
    command = ["grade", str(tmp_path / "class.zip"), "--course", str(COURSE), "--assignment", "mini", "--out", str(out)]
    assert main(command) == 0
    assert "empty_999_assignsubmission_file" in capsys.readouterr().out
    for name, (_, points, said) in CLASS.items():
        result = json.loads((out / "results" / number[name] / "mini" / "result.json").read_text(encoding="utf-8"))
        assert result["score"] == points, name
        assert said is None or said in json.dumps(result), name
        assert not any(kind == "tampering" for kind, _ in result["notes"]), name
    with zipfile.ZipFile(out / "moodle_feedback_mini.zip") as archive:
        assert sorted(archive.namelist()) == sorted(
            f"{name}_{number[name]}_assignfeedback_file/mini.html" for name in CLASS
        )
    with open(out / "moodle_mini.csv", encoding="utf-8", newline="") as stream:
        grades = {row["Identifier"]: row["Grade"] for row in csv.DictReader(stream)}
    assert grades[f"Participant {number['plain']}"] == "" and grades[f"Participant {number['no notebook']}"] == "0.0"
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Near-identical" in report  # the same right answer many times over, and nobody who has not begun among them
    group = report[report.index("Near-identical answers</h3>") :].split("</table>")[0]
    assert f"feedback/{number['plain']}/" in group and f"feedback/{number['not begun']}/" not in group
