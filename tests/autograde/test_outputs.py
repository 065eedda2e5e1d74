"""What is kept of a cell's outputs: four types of message, by a fixed table, and nothing that a notebook cannot hold."""

import ast
import base64
import io
import json
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from autograde import outputs
from autograde.outputs import Outputs, Room

STREAM = {"name": "stdout", "text": "x"}
ERROR = {"ename": "E", "evalue": "e", "traceback": ["t"]}


def shown(*messages, room=None):
    made = Outputs(room or Room())
    for kind, content in messages:
        made.add(kind, content)
    return made


def picture(width, height, format="PNG"):
    stream = io.BytesIO()
    Image.new("1", (width, height)).save(stream, format)
    return base64.b64encode(stream.getvalue()).decode()


def test_the_four_types_that_display_something_are_kept():
    made = shown(
        ("stream", STREAM), ("display_data", {"data": {"text/plain": "a"}}), ("execute_result", {"data": {"text/plain": "b"}}), ("error", ERROR)
    )  # fmt: skip
    assert [one["output_type"] for one in made.items] == ["stream", "display_data", "display_data", "error"]
    assert not made.malformed


@pytest.mark.parametrize(
    "name", [*dir(Outputs), "keep", "fits", "_init__", "status", "clear_output", "update_display_data"]
)
def test_no_other_type_reaches_any_method(name):
    made = shown((name, {"output_type": "display_data", "data": {"text/html": "<script>"}, "metadata": {}}), (name, {}))
    assert made.items == [] and made.reply is None


ODD = (None, 5, -1.5, True, [], [1], {}, {"text/plain": 1}, "x", b"x")


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("kind", ["stream", "display_data", "execute_result", "error", *ODD], ids=repr)
def test_whatever_the_fields_hold_what_is_kept_is_a_notebook(kind, value):
    made = Outputs(Room())
    for field in ("name", "text", "data", "ename", "evalue", "traceback", "metadata"):
        for content in (STREAM, ERROR, {"data": {"text/plain": "x"}}, {}):
            made.add(kind, {**content, field: value})
    for inner in ("text/plain", "image/png", outputs.REPLY):
        made.add(kind, {"data": {inner: value}})
    cell = nbformat.v4.new_code_cell("1", outputs=made.items)
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    assert made.reply is None or isinstance(made.reply, str)


def test_a_message_that_is_none_is_noted_and_others_are_kept():
    made = shown(("stream", {"name": "stdout", "text": ["x"]}), ("stream", STREAM), ("error", {}))
    assert made.malformed and [one["text"] for one in made.items] == ["x"]


def test_types_that_a_browser_runs_are_left_out():
    data = {
        "text/html": "<b>",
        "image/svg+xml": "<svg/>",
        "application/javascript": "1",
        "text/markdown": "x",
        "text/plain": "y",
    }
    assert shown(("display_data", {"data": data})).items[0]["data"] == {"text/plain": "y"}


@pytest.mark.parametrize("format, kind", [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_pictures_are_pictures(format, kind):
    good = picture(30, 20, format)
    assert outputs.is_picture(kind, good) and outputs.is_picture(kind, good[:40] + "\n" + good[40:])
    for bad in (
        "",
        "AAAA",
        "<svg/>",
        base64.b64encode(b"<svg onload=1>").decode(),
        good + "!",
        good[:8],
        None,
        5,
        [good],
    ):
        assert not outputs.is_picture(kind, bad)
    assert not outputs.is_picture("image/svg+xml", good) and not outputs.is_picture("text/html", good)


def test_a_picture_that_would_fill_a_browser_is_left_out():
    assert outputs.is_picture("image/png", picture(10_000, 5000))
    assert not outputs.is_picture("image/png", picture(10_001, 5000))


def test_lone_surrogates_can_be_written():
    half = "\ud800"
    made = shown(
        ("stream", {"name": half, "text": half}),
        ("error", {"ename": half, "evalue": half, "traceback": [half]}),
        ("display_data", {"data": {"text/plain": half}}),
    )
    assert len(made.items) == 3
    json.dumps(made.items, ensure_ascii=False).encode()


def test_room_is_shared_by_all_cells_and_its_end_is_said_once():
    room = Room(size=1000, count=100)
    kept = [shown(("stream", {"name": "stdout", "text": "x" * 300}), room=room) for _ in range(6)]
    texts = ["".join(one["text"] for one in made.items) for made in kept]
    assert texts[:2] == ["x" * 300] * 2 and texts.count(outputs.LEFT_OUT) == 1 and texts[-1] == ""
    room = Room(size=10**6, count=3)
    made = shown(*[("display_data", {"data": {"text/plain": "x"}})] * 50, room=room)
    assert len(made.items) == 4 and made.items[-1]["text"] == outputs.LEFT_OUT


def test_a_stream_is_one_output_and_is_cut():
    made = shown(*[("stream", {"name": "stdout", "text": "x" * 100})] * 1000)
    assert len(made.items) == 1 and len(made.items[0]["text"]) <= outputs.KEEP_TEXT + 100


#: They use names of their own orders and options, which the grader and its user write; the third runs beside the student's code.
OWN_WORDS = ("forkserver.py", "preload.py", "kernel_entry.py", "cli.py")
RUNS = {"eval", "exec", "compile", "__import__", "import_module", "globals", "locals", "vars"}


def test_no_name_that_a_message_or_a_file_holds_chooses_code():
    """In the whole grader: no eval, exec or import by name, and getattr with a name that is written out only."""
    package = Path(outputs.__file__).parent
    for path in sorted(package.rglob("*.py")):
        if path.name in OWN_WORDS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"pickle", "marshal", "shelve", "dill", "joblib"}, (path, node.lineno)
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else None
                assert name not in RUNS, (path, node.lineno)
                if name in ("getattr", "setattr", "hasattr"):
                    assert isinstance(node.args[1], ast.Constant), (path, node.lineno)
