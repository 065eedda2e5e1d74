"""Whatever a file is, restoring ends in cells to run or one clear sentence: encodings, old formats, cells without names."""

import json

import nbformat
import pytest
from damaged import DAMAGED
from grading_helpers import answered, as_bytes
from restored import GRADED, order, restore, source_of

from autograde import assignment, match, submitted


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_file_is_refused_in_one_sentence(name):
    with pytest.raises(submitted.Damaged) as refusal:
        restore(DAMAGED[name])
    assert 10 < len(str(refusal.value)) < 400


def test_there_are_fifty_kinds_of_damage():
    assert len(DAMAGED) >= 50


def test_lost_metadata_is_recovered_from_the_cell_ids():
    notebook = answered("return 42")
    for c in notebook.cells:
        c.metadata = {}
    restored = restore(notebook)
    assert order(restored) == GRADED
    assert "return 42" in source_of(restored, "kl_term")


def test_old_formats_are_read():
    notebook = nbformat.v4.downgrade(answered("return 42"))
    assert notebook.nbformat == 3
    assert "return 42" in source_of(restore(notebook), "kl_term")
    old = answered("return 42")
    old.nbformat_minor = 2
    for c in old.cells:
        del c["id"]
    assert "return 42" in source_of(restore(old), "kl_term")


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
        lambda text: text.replace("It pulls", "Cela tire à gauche").encode("windows-1252"),
        lambda text: text.replace("\\n", "\\r\\n").encode(),
        lambda text: text.replace("{", "{\r\n").encode(),
    ],
    ids=[
        "BOM",
        "UTF-16",
        "UTF-16 LE",
        "UTF-16 BE",
        "UTF-32",
        "Windows-1252",
        "Windows line ends in cells",
        "Windows line ends in the file",
    ],
)
def test_other_encodings_are_read(encode):
    restored = restore(encode(as_bytes(answered("return 42")).decode()))
    assert source_of(restored, "kl_term") == "def kl_term(z_mean, z_log_var):\n    return 42\n"


def test_the_encoding_is_noted_and_letters_are_kept():
    data = json.dumps(answered(written="Cela tire à gauche"), ensure_ascii=False).encode("windows-1252")
    restored = restore(data)
    assert source_of(restored, "question_pull") == "Cela tire à gauche"
    assert [text for _, text in restored.notes if "windows-1252" in text]


def stripped(notebook):
    """What a copy into a fresh notebook, or another program, leaves: the text."""
    for i, c in enumerate(notebook.cells):
        c.metadata, c.id = {}, f"new-{i}"
    return notebook


@pytest.mark.parametrize("remove", [None, *[g for g in GRADED if g.startswith("test_")]])
def test_cells_without_any_name_are_known_by_their_text(remove):
    notebook = stripped(answered("return 42", written="My own words."))
    notebook.cells = [
        c for c in notebook.cells if remove is None or remove.removeprefix("test_").replace("_", ".", 2) not in c.source
    ]
    notebook.cells.insert(3, nbformat.v4.new_code_cell("print(kl_term)"))
    notebook.cells.insert(2, nbformat.v4.new_markdown_cell("A thought of mine."))
    restored = restore(notebook)
    assert order(restored) == GRADED
    assert "return 42" in source_of(restored, "kl_term") and source_of(restored, "question_pull") == "My own words."
    kinds = {kind for kind, _ in restored.notes}
    assert kinds == {"repair"} and any("known by the text" in text for _, text in restored.notes)


def test_an_answer_without_its_name_is_known_by_the_question_before_it():
    layout = (
        (None, "markdown", "## The first question"),
        ("q1", "markdown", "YOUR ANSWER HERE"),
        (None, "markdown", "## The second question"),
        ("q2", "markdown", "YOUR ANSWER HERE"),
    )
    cells = tuple(
        assignment.Cell(i, "written", "markdown", "YOUR ANSWER HERE", "YOUR ANSWER HERE", 2.0, {}) for i in ("q1", "q2")
    )
    two = assignment.Assignment("two", cells, "", frozenset(text for i, _, text in layout if i is None), layout)
    texts = ["# Title of mine", "## The first question", "one", "## The second question", "second", "and more"]
    submitted = [("markdown", text, None, None, {}) for text in texts]
    assert match.known(submitted, two) == [None, None, "q1", None, "q2", None]
    submitted[2] = ("markdown", "YOUR ANSWER HERE", None, None, {})
    assert match.known(submitted, two)[2] == "q1"


def test_of_several_cells_without_names_that_define_the_function_the_last_is_the_answer():
    notebook = stripped(answered("return 1"))
    notebook.cells.insert(3, nbformat.v4.new_code_cell("def kl_term(z_mean, z_log_var):\n    return 2"))
    assert "return 2" in source_of(restore(notebook), "kl_term")


def test_a_notebook_of_another_version_is_one_note_and_no_tampering():
    notebook = answered()
    for c in notebook.cells:
        if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_"):
            c.metadata["nbgrader"]["grade_id"] = "cell-2025-" + c.metadata["nbgrader"]["grade_id"]
            c.id = c.metadata["nbgrader"]["grade_id"]
            c.source = c.source + "  # as it was last year"
    restored = restore(notebook)
    assert order(restored) == GRADED
    ((kind, text),) = restored.notes
    assert (
        kind == "repair"
        and text.startswith("made from another version of this assignment")
        and "test_kl_term_shape" in text
    )
