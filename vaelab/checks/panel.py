"""Showing a verdict: a small coloured panel in a notebook, plain text elsewhere.

Words and a symbol say what the colour says. Text and background are left to the theme,
light or dark; only the border and the heading have colours of their own, with contrast
enough on both. Nothing is written to stderr, which would cost points under nbgrader.
"""

import html
import re
import sys
from collections.abc import Iterator, Mapping

# Okabe-Ito bluish green and vermilion.
_COLOURS = {"passed": "#009e73", "failed": "#d55e00", "not_done": "#d55e00"}
_HEADS = {"passed": "✓ Passed", "failed": "✗ Not yet right", "not_done": "… Not written yet"}


def lines(verdict: Mapping) -> Iterator[tuple[str, str]]:
    """The verdict as ``(label, sentence)`` pairs; labels may be empty."""
    yield "", verdict["message"]
    for label, key in (("Got", "got"), ("Expected", "expected"), ("Next step", "next_step"), ("Taught in", "taught")):
        if verdict.get(key):
            yield label, verdict[key]


def as_text(verdict: Mapping) -> str:
    """The verdict as plain text."""
    head = f"{_HEADS[verdict['status']]}: {verdict['check']}"
    return "\n".join([head, *(f"  {label + ': ' if label else ''}{text}" for label, text in lines(verdict))])


def as_html(verdict: Mapping) -> str:
    """The verdict as a fragment of HTML; everything from outside is escaped."""
    colour = _COLOURS[verdict["status"]]
    rows = "".join(
        f"<div>{f'<b>{html.escape(label)}:</b> ' if label else ''}{_rich(text, verdict, label)}</div>"
        for label, text in lines(verdict)
    )
    return (
        f'<div role="status" style="border-left:6px solid {colour};padding:.4em .8em;margin:.3em 0;line-height:1.5">'
        f"<div><b>{_HEADS[verdict['status']]}</b> · <code>{html.escape(verdict['check'])}</code></div>{rows}</div>"
    )


def _rich(text, verdict, label):
    """`text` as HTML: code between backticks, and where something is taught as a link to the place."""
    rich = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text))
    if label == "Taught in" and verdict.get("link"):
        return f'<a href="{html.escape(verdict["link"])}">{rich}</a>'
    return rich


def show(verdict: Mapping) -> None:
    """Display the verdict: rich where IPython runs, else as text on stdout."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display({"text/html": as_html(verdict), "text/plain": as_text(verdict)}, raw=True)
    else:
        # A console that cannot show a character gets a question mark, not an exception.
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(as_text(verdict).encode(encoding, "replace").decode(encoding))
