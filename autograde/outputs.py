"""What a cell displayed, as the autograded notebook will hold it: of all that a kernel can send, what is on a list.

A message is the student's word: its type, its form and all that is in it. So the type is compared with four constants,
every value is looked at for its own type, and what is not on the list is left out. What is kept can be written as JSON
in UTF-8, is valid in nbformat 4, and runs nothing in the browser of the person who grades.
"""

import base64
import io
import json
from typing import Any

from PIL import Image

#: The media type under which a reply to a probe is displayed.
REPLY = "application/x-vaelab-probe-reply"

# What is kept of one output, in characters, and of all of a notebook's, in bytes as written and in number: enough to grade a
# written answer by, and what formgrader, which converts a notebook in its server's own process, shows in a second or two.
KEEP_TEXT, KEEP_IMAGE, KEEP_ALL, KEEP_OUTPUTS = 40_000, 2_000_000, 10_000_000, 1000
LEFT_OUT = "[... what follows was left out: the notebook displays more than can be kept ...]\n"

#: Pictures with more pixels than this fill the memory of a browser: 100 bytes of PNG can stand for gigabytes.
MAX_PIXELS = 50_000_000

PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG"}

Output = dict[str, Any]  # as nbformat has it


class Malformed(ValueError):
    """A message is not what Jupyter's protocol says of its type."""


class Room:
    """How much more of a notebook's outputs can be kept: bytes as written, and outputs."""

    def __init__(self, size: int = KEEP_ALL, count: int = KEEP_OUTPUTS) -> None:
        self.size, self.count = size, count
        self.noted = False  # that there is no more, where it ends

    def take(self, written: Output | str, outputs: int) -> bool:
        """Whether there is room for this; nothing has any from the first that has none."""
        self.size -= len(as_written(written))
        self.count -= outputs
        return self.size >= 0 and self.count >= 0


class Outputs:
    """What one cell displayed, cut to a size that a notebook can carry.

    ``items`` are outputs as nbformat has them; ``reply`` is the answer to a probe, if there was one; ``result`` the text of
    the first result of an expression, which an ordinary test may give as its points; ``malformed`` says
    whether something was left out that is no Jupyter message; ``late`` whether the cell was interrupted at its limit of time.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.items: list[Output] = []
        self.reply: str | None = None
        self.result: str | None = None
        self.malformed = False
        self.late = False

    def add(self, kind: object, content: dict[str, Any]) -> None:
        """Keep what a message of type ``kind`` displays; types that display nothing are ignored."""
        try:
            match kind:
                case "stream":
                    self._stream(content)
                # A result is shown as a display, too: nbgrader reads the first execute_result of a cell as points.
                case "display_data" | "execute_result":
                    self._display(content)
                    if kind == "execute_result" and self.result is None:
                        self.result = _text(content["data"], "text/plain")[:100]
                case "error":
                    self._keep(_error(content))
        except Malformed:
            self.malformed = True

    def _keep(self, output: Output) -> None:
        if self.room.take(output, outputs=1):
            self.items.append(output)
        elif not self.room.noted:
            self.room.noted = True
            self.items.append({"output_type": "stream", "name": "stderr", "text": LEFT_OUT})

    def _stream(self, content: dict[str, Any]) -> None:
        name = "stderr" if _text(content, "name") == "stderr" else "stdout"
        text = _text(content, "text")
        last = self.items[-1] if self.items else {}
        if last.get("name") != name or self.room.noted:
            self._keep({"output_type": "stream", "name": name, "text": shorten(text, KEEP_TEXT)})
            return
        left = KEEP_TEXT - len(last["text"])
        if left > 0 and self.room.take(text := shorten(text, left), outputs=0):
            last["text"] += text

    def _display(self, content: dict[str, Any]) -> None:
        data = content.get("data")
        if not isinstance(data, dict):
            raise Malformed("data")
        if REPLY in data:
            self.reply = _text(data, REPLY)
            return
        kept = {kind: data[kind] for kind in PICTURES if kind in data and is_picture(kind, data[kind])}
        if "text/plain" in data:
            kept = {"text/plain": shorten(_text(data, "text/plain"), KEEP_TEXT), **kept}
        if kept:
            self._keep({"output_type": "display_data", "data": kept, "metadata": {}})


def _error(content: dict[str, Any]) -> Output:
    lines = content.get("traceback")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Malformed("traceback")
    return {
        "output_type": "error",
        "ename": shorten(_text(content, "ename"), 200),
        "evalue": shorten(_text(content, "evalue"), 2000),
        "traceback": shorten("\n".join(lines), KEEP_TEXT).split("\n"),
    }


def _text(content: dict[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise Malformed(key)
    return value


def is_picture(kind: object, data: object, most: int = KEEP_IMAGE) -> bool:
    """Whether ``data`` is the base64 of a picture of this media type, in sizes that a browser can show.

    ``most`` is how many characters it may have.
    """
    if not isinstance(kind, str) or kind not in PICTURES or not isinstance(data, str) or len(data) > most:
        return False
    try:
        with Image.open(
            io.BytesIO(base64.b64decode("".join(data.split()), validate=True)), formats=[PICTURES[kind]]
        ) as picture:
            return picture.width * picture.height <= MAX_PIXELS
    except Exception:  # each format has its own ways to be damaged
        return False


def as_written(findings: object) -> bytes:
    """JSON as the grader reads it: it stands for some characters with twelve of its own."""
    return json.dumps(findings, allow_nan=True).encode()


def shorten(text: str, limit: int) -> str:
    """``text`` without lone surrogates and at most about ``limit`` characters long."""
    if len(text) > limit:
        text = f"{text[: limit // 2]}\n[... {len(text) - limit} characters left out ...]\n{text[-(limit // 2) :]}"
    return text.encode("utf-8", "replace").decode("utf-8")
