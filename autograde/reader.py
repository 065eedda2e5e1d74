"""Reads one submitted file in a process of its own, so that no file can hold up the grader, or take its memory.

As a program it takes the path of its order (JSON: where the file is, and the packed assignment), and writes one JSON object to
standard output: a :class:`~autograde.restore.Restored`, or ``{"damaged": why}``. In a fork server, :func:`begin` does the same.
It runs nothing of the file's; but it is sandboxed as well, since it reads what anybody may have made.
"""

import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograde.cells import Assignment, Cell, unpacked
from autograde.inert import inert
from autograde.restore import Restored, restore
from autograde.submitted import MAX_BYTES, Damaged

#: Memory that reading may take, in bytes: JSON of a file of the largest size, as Python has it, and the file itself.
MEMORY = 12 * MAX_BYTES


def reply(order: dict[str, Any]) -> bytes:
    """What this process writes for an order."""
    try:
        restored = restore(Path(order["file"]).read_bytes(), unpacked(order["assignment"]))
    except Damaged as damage:
        return json.dumps({"damaged": str(damage)}).encode()
    except (MemoryError, RecursionError, ValueError) as error:
        return json.dumps({"damaged": f"The file cannot be read as a notebook ({type(error).__name__})."}).encode()
    return json.dumps({**asdict(restored), "beside": sorted(restored.beside)}).encode()


def opened(written: bytes) -> Restored:
    """The other end: what :func:`reply` says. Raises :class:`Damaged`."""
    said = json.loads(written)
    if "damaged" in said:
        raise Damaged(said["damaged"])
    notes = [(kind, text) for kind, text in said["notes"]]
    return Restored(said["cells"], notes, set(said["beside"]), said["below"])


def main(order: str, out: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    written = reply(json.loads(Path(order).read_text(encoding="utf-8")))
    with os.fdopen(out, "wb") as stream:
        stream.write(written)


def prepare() -> None:
    """Do once, before processes are forked, what each would do when it first reads: regular expressions, plugins, codecs."""
    inert("*a* `b` $c$ ![d](e) <f> [g](https://h) **i** ~~j~~\n\n- k\n\n| l |\n|---|\n| m |\n\n```python\nn = 1\n```\n")
    cell = Cell("a", "solution", "code", "b = 1", "b = 1", 1.0, {})
    notebook = {"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "b = 2"}]}
    restore(json.dumps(notebook).encode(), Assignment("c", (cell,)))


def begin(arguments: dict[str, Any], descriptors: list[int]) -> None:
    """The same in a process forked by :mod:`autograde.isolation.forkserver`: events (none come), the reply, log of errors."""
    _, out, log = descriptors
    os.dup2(log, 2)
    main(arguments["order"], out)


if __name__ == "__main__":
    out = os.dup(1)
    os.dup2(2, 1)
    main(sys.argv[1], out)
