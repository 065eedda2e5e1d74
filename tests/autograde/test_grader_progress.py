"""Progress is a bar in a terminal and plain lines in a log, and no student's name can upset either."""

import contextlib
import io
import os
import re
import threading

import pytest

from autograde.progress import Bar, Lines, on_screen

HOSTILE = "mini  \x1b[2Jevil\r\n\u202e\udcff: 0/8"


def through(stream):
    with on_screen(stream) as progress:
        progress.say("2 of 4 were graded before and are unchanged.")
        progress.begin(2)
        progress.working_on(["ada", "bob"])
        progress.landed("mini  ada: 6/8")
        progress.working_on(["bob"])
        progress.landed(HOSTILE)


@pytest.fixture
def terminal(monkeypatch):
    """A pseudo-terminal: a stream to write to, and a function that closes it and gives what a person has seen."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "90")
    master, slave = os.openpty()
    text = bytearray()

    def read():
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(master, 4096):
                text.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()

    def seen():
        stream.close()
        reader.join()
        return text.decode()

    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        yield stream, seen
    reader.join()
    os.close(master)


def test_a_log_gets_one_plain_line_for_each_submission():
    stream = io.StringIO()
    through(stream)
    lines = stream.getvalue().split("\n")
    assert lines[0] == "2 of 4 were graded before and are unchanged."
    assert re.fullmatch(r"\[1/2, 00:00:0\d left\] mini  ada: 6/8", lines[1])
    assert lines[2].startswith("[2/2, 00:00:00 left] mini  ") and lines[3:] == [""]
    assert all(c.isprintable() for line in lines for c in line)


def test_a_terminal_gets_a_bar_and_a_line_for_each_submission(terminal):
    stream, seen = terminal
    through(stream)
    text = seen()
    assert re.search(r"1/2  mini  ada: 6/8\r\n", text)
    assert "\x1b[2J" not in text and "\u202e" not in text
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert re.search("grading ━+ 0/2 .*ada, bob", plain) and re.search("grading ━+ 2/2", plain)
    assert text.rstrip().endswith("\x1b[?25h")  # the cursor is back


def test_a_terminal_that_cannot_draw_gets_lines(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream, seen = terminal
    through(stream)
    assert "\x1b" not in seen()


def test_an_interruption_puts_the_terminal_back(terminal):
    stream, seen = terminal
    with pytest.raises(KeyboardInterrupt), on_screen(stream) as progress:
        assert isinstance(progress, Bar) and isinstance(progress, Lines)
        progress.begin(3)
        raise KeyboardInterrupt
    assert seen().rstrip().endswith("\x1b[?25h")
