"""How a verdict is shown: escaped, in words, on any console."""

import sys

from kl_target import DIVERGENCE, right, stub

from vaelab.checks import judge, panel
from vaelab.checks.judge.reply import short


def verdict(**changes):
    return {**judge.judge(DIVERGENCE, None, seed=1), **changes}


def test_the_panel_escapes_whatever_a_student_wrote():
    shown = panel.as_html(verdict(message="<script>alert(1)</script>", got="<b>", expected="&"))
    assert "<script" not in shown and "&lt;script&gt;" in shown and "&lt;b&gt;" in shown and "&amp;" in shown


def test_the_panel_says_in_words_what_its_colour_says():
    for target, word in ((right, "Passed"), (None, "Not yet right"), (stub, "Not written yet")):
        found = judge.judge(DIVERGENCE, target)
        assert word in panel.as_html(found) and word in panel.as_text(found)


def test_a_console_without_the_characters_gets_the_text_all_the_same(capsys, monkeypatch):
    class Ascii:
        encoding, written = "ascii", ""

        def write(self, text):
            Ascii.written += text.encode("ascii").decode()

        def flush(self):
            pass

    monkeypatch.setattr(sys, "stdout", Ascii())
    panel.show(judge.judge(DIVERGENCE, right))
    assert "Passed" in Ascii.written


def test_short_makes_one_printable_line():
    assert short("a\nb\x00c\u202e" + "d" * 1000, 20).isprintable()
    assert len(short("d" * 1000, 20)) == 20
