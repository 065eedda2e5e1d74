"""Files for spreadsheets: the columns that Moodle requires, umlauts, and no formula of a student."""

import csv
import io
import unicodedata

import pytest
from made_results import graded, read_by_a_person, unreadable, write


def rows(path, delimiter=","):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), delimiter=delimiter))


def test_moodle_gets_the_columns_that_it_requires_and_no_comments_that_are_empty(tmp_path):
    result, notebook = graded("12", name="Ada Lovelace")
    write(tmp_path, (result, notebook))
    assert rows(tmp_path / "moodle_mini.csv") == [
        ["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)"],
        ["Participant 12", "Ada Lovelace", "", "8.0", ""],
    ]
    write(tmp_path, (read_by_a_person(result), notebook), unreadable("13"))
    head, *others = rows(tmp_path / "moodle_mini.csv")
    assert others[0][2] == "6.0"
    assert head[-1] == "Feedback comments" and [row[-1] for row in others] == ["", "The file is a web page."]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "@SUM(1)",
        "+1",
        "-1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(1)",
        "  =1+1",
        "\t=1+1",
        "\n=1+1",
        "\x0b=1",
        '"=1+1',
        "\u200b=1+1",
        "DDE;@SUM(1+1)*cmd|' C'!A0;",
        "DDE; =1+1",
        'DDE";"=1+1',
        "DDE\n=1+1",
        "DDE\r=1+1",
        "DDE\t=1+1",
        "DDE;＝1+1",
        ";;=1;=1",
    ],
)
def test_no_spreadsheet_finds_a_formula_whatever_it_takes_for_a_separator(name, tmp_path):
    write(tmp_path, graded(name=name), unreadable(reason=f"The file is {name}"))
    for path in tmp_path.glob("*.csv"):
        for separator in ",;\t":
            for cell in (cell for row in rows(path, separator) for cell in row):
                plain = unicodedata.normalize("NFKC", cell).strip(' \t\r\n\v"\u200b')
                assert not plain.startswith(("=", "+", "-", "@")), (path.name, separator, cell)
        assert len({len(row) for row in rows(path)}) == 1


def test_marks_open_in_excel_with_their_umlauts_and_the_other_files_are_plain(tmp_path):
    write(tmp_path, graded(name="Zoë Müller"))
    assert (tmp_path / "marks.csv").read_bytes().startswith(b'\xef\xbb\xbf"student"')
    assert rows(tmp_path / "marks.csv")[1][1] == "Zoë Müller"
    for name in ("canvas_mini.csv", "moodle_mini.csv"):
        assert (tmp_path / name).read_bytes().startswith(b'"')
