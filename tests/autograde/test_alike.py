"""Nobody is accused falsely of copying, and no copy falls off the list."""

import pytest
from grading_helpers import load_all, mini, released

from autograde import alike, assignment, restore
from autograde.alike import groups, normalise

LONG = (
    "value = first + second * third - fourth / fifth\nreturn value.sum(axis=1) + another_value.mean() - yet_another_one"
)


def answers(**code):
    return {student: {"cell": normalise(text)} for student, text in code.items()}


def own(notebook, the=None):
    the = the or mini()
    return alike.own_code(restore.restore(__import__("json").dumps(notebook).encode(), the).cells, the)


def with_answer(source, extra=()):
    import nbformat

    notebook = released()
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "kl_term":
            cell.source = source
    at = next(
        i for i, cell in enumerate(notebook.cells) if "check(" in cell.source and cell.cell_type == "code" and i > 1
    )
    notebook.cells[at:at] = [nbformat.v4.new_code_cell(code) for code in extra]
    return notebook


@pytest.mark.parametrize("name", load_all())
def test_an_exercise_that_nobody_began_has_no_answer(name):
    the = assignment.load(name)
    cells = [{"id": c.id, "grade_id": c.id, "cell_type": c.cell_type, "source": c.released} for c in the.cells]
    assert set(alike.own_code(cells, the).values()) == {""}


def test_what_was_given_is_no_part_of_an_answer():
    stub = next(c.released for c in mini().cells if c.id == "kl_term")
    body = "    return 0.5 * keras.ops.sum(z_mean**2, axis=-1)"
    assert own(with_answer(f"{stub.splitlines()[0]}\n{body}"))["kl_term"] == body


def test_an_answer_in_a_cell_of_ones_own_is_compared_too():
    mine = "def kl_term(a, b):\n    return a + b"
    assert "return a + b" in own(with_answer(released().cells[2].source, [mine]))["kl_term"]
    assert own(with_answer(released().cells[2].source, ["def other(a):\n    return 1"]))["kl_term"] == ""


def test_twelve_who_did_not_begin_hide_no_copy():
    found = groups(answers(**{f"s{i}": "" for i in range(12)}, x=LONG, y=LONG.replace("first", "one")))
    assert [group.students for group in found] == [("x", "y")]


def test_real_copies_are_groups_and_none_falls_off():
    families = {
        f"s{f:03d}_{i}": LONG + f"\nresult_{f} = {'abcdefgh'[f % 8] * 60}{f}" for f in range(40) for i in range(3)
    }
    found = groups(answers(**families))
    assert {s for group in found for s in group.students} == set(families)


def test_who_is_linked_by_a_third_is_in_one_group_and_the_weakest_link_is_named():
    a = LONG * 3
    b, c = a.replace("fourth", "4"), a.replace("fourth", "4").replace("fifth", "5")
    (group,) = groups(answers(a=a, b=b, c=c))
    assert group.students == ("a", "b", "c") and 95 <= group.least < 100


def test_different_answers_are_no_group():
    assert groups(answers(a=LONG, b=LONG[::-1], c="x = 1")) == []


def test_comments_layout_and_blank_lines_are_not_compared():
    (group,) = groups(answers(a=LONG, b=f"# mine\n\n{LONG.replace(' + ', '+')}"))
    assert group.least == 100


@pytest.mark.parametrize("code", ["\0", "def f(:\n\tx\n  y", "'" * 3, "\\", "(" * 5000, "é = '\udfff'", "%%bash\nls |"])
def test_answers_that_are_no_python_are_compared_as_they_are(code):
    long = normalise(code + " filler" * 60)
    (group,) = groups({"ada": {"k": long}, "bob": {"k": long}, "cyd": {"k": "x" * 300}})
    assert group.students == ("ada", "bob") and group.least == 100


def test_no_answer_takes_long_to_compare(monkeypatch):
    read = []
    original = alike.tokenize.generate_tokens
    monkeypatch.setattr(
        alike.tokenize, "generate_tokens", lambda line: read.append(len(line.__self__.getvalue())) or original(line)
    )
    normalise("(" * 100_000)
    assert read == [alike.MOST]
