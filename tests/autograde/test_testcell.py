"""A test cell is parsed to check ids and names; nothing of it is executed."""

import pytest
from grading_helpers import load_all

from autograde.testcell import NotATestCell, parse_test


def test_calls_come_in_order():
    source = 'from vaelab.checks import check\n# A comment\ncheck("a.b", f)\ncheck(\n    "a.c",\n    g,\n)\n'
    assert parse_test(source) == [("a.b", "f"), ("a.c", "g")]


@pytest.mark.parametrize(
    "source",
    [
        'check("a", __import__("os").system("id"))',
        'check("a", f())',
        'check("a", f.g)',
        'check("a", f[0])',
        'check("a", lambda: 1)',
        'check("a", [x for x in y])',
        'check("a", (f := 1))',
        'check("a" + "b", f)',
        'check(f"{a}", f)',
        "check(name, f)",
        'check(b"a", f)',
        'check("a", *f)',
        'check("a", f, seed=1)',
        'check("a", f, **x)',
        'check("a")',
        'check("a", f, g)',
        'check("a", f).g',
        'x = check("a", f)',
        'other("a", f)',
        'vaelab.checks.check("a", f)',
        "from vaelab.checks import judge",
        "from vaelab.checks import check as other",
        "from vaelab.checks import *",
        "from .vaelab.checks import check",
        "import os",
        "pass",
        '"text"',
        'if True:\n    check("a", f)',
        'def check(a, b): pass\ncheck("a", f)',
        'check("a", f); import os',
        "",
        "from vaelab.checks import check",
    ],
)
def test_anything_else_is_refused(source):
    with pytest.raises(NotATestCell):
        parse_test(source)


def test_what_is_no_python_is_a_syntax_error():
    with pytest.raises(SyntaxError):
        parse_test("check(")


def test_the_course_has_only_cells_of_this_kind():
    for name, loaded in load_all().items():
        for cell in loaded.cells:
            if cell.kind == "test":
                assert parse_test(cell.source), (name, cell.id)
