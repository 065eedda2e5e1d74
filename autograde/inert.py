"""A student's text as a browser may show it: nothing in it runs, nothing in it is loaded, and it is short.

formgrader turns the Markdown of a notebook into a page in its server's own process, lets HTML and links of any kind through,
and shows the page with the rights of the person who grades. So a text goes two ways here:

1. what Markdown, HTML or MathJax would take for a tag, a character reference, a link, a picture that is not pasted into the
   cell, or a command that makes links, styles and names, becomes visible text by a space (:func:`_defused`);
2. the result is rendered as formgrader would do it, and every tag of the page is compared with a list (:func:`is_inert`).

A text that fails the second, or takes long, is shown as it was written, letter by letter, without formatting.
"""

import contextlib
import html
import re
import signal
import threading
from collections.abc import Container, Iterator, Mapping

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

#: Of one cell, so many characters are shown; and so many of all of a notebook's cells that are the student's.
MAX_SHOWN, MAX_SHOWN_TOGETHER = 20_000, 200_000

#: Brackets within brackets, beyond which Markdown takes quadratic time. Ten are many.
MAX_NESTED = 30

#: Seconds of processor time that a cell may take to be rendered: an honest one takes a hundredth of this.
MAX_SECONDS = 1.0

#: Code up to this length takes less than that to be coloured, whatever it is, once no line ends in white space.
SHORT_CODE = 4000

LEFT_OUT = "(This text is left out here, because it cannot be shown quickly and safely: see the submitted file.)"

#: MathJax's commands that make links, styles, names, pictures and tags, load extensions, or put such a command together.
COMMANDS = (
    "href|url|style|class|cssId|id|data|html[A-Za-z]*|require|csname|endcsname|mmlToken|bbox|includegraphics|unicode"
)
_COMMAND = re.compile(rf"\\(?:{COMMANDS})(?![A-Za-z])")

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
# Markdown takes a backslash before punctuation away, and only then looks for references.
_REFERENCE = re.compile(r"&(?=\\*#|[A-Za-z][A-Za-z0-9]{0,40}\\*;)")
_SCRIPT = re.compile(r"(?i)(j\s{0,9}a\s{0,9}v\s{0,9}a|v\s{0,9}b)(?=\s{0,9}s\s{0,9}c\s{0,9}r\s{0,9}i\s{0,9}p\s{0,9}t)")
# A picture that was pasted into the cell; a link to the web, or its address; the beginning of another picture; the middle of
# another link; what else begins an address.
_LINK = re.compile(
    r"!\[[^\[\]\n]{0,200}\]\(attachment:(?P<name>[^\s()<>\"'\\&]{1,200})\)"
    r"|(?P<web>\]\(https?://[^\s()<>\"'\\&]{1,500}\)|https?://)"
    r"|!(?=\[)|\](?=[(:])|(?i:https?|ftp):(?=//)|(?i:attachment|data|mailto):|(?i:www)\."
)

# Every tag of a rendered page, exactly as nbconvert's renderer writes it.
_TEXT = r"[^\"<>]*"
_SAFE_TAG = re.compile(
    r"</?(?:p|em|strong|del|code|pre|ul|ol|li|h[1-6]|blockquote|table|thead|tbody|tr|th|td|dl|dt|dd|div|span|section)>"
    r"|<(?:hr|br) ?/>|</a>"
    r"|<ol start=\"\d{1,9}\">|<t[hd] style=\"text-align:(?:left|center|right)\">"
    r"|<li class=\"task-list-item\">|<input class=\"task-list-item-checkbox\" type=\"checkbox\" disabled(?: checked)? ?/>"
    r"|<div class=\"highlight\">|<span class=\"[a-z0-9 ]{1,12}\">|<code class=\"language-[\w+#.-]{1,40}\">"
    rf"|<h[1-6] id=\"{_TEXT}\">|<a class=\"anchor-link\" href=\"#{_TEXT}\">"
    rf"|<img src=\"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*\" alt=\"{_TEXT}\" ?/>"
)
_WEB_TAG = re.compile(rf"<a href=\"https?://{_TEXT}\">")

#: Names of elements that formgrader's own page uses; a heading of that name would stand in their way.
PAGE_IDS = frozenset({"notebook", "notebook-container", "statusmessage"})

Attachments = Mapping[str, Mapping[str, str]]


class _TooLong(Exception):
    """Rendering has taken more than MAX_SECONDS."""


def inert(
    text: str, attachments: Attachments | None = None, *, links: bool = False, names: Container[str] = PAGE_IDS
) -> str:
    """``text`` (Markdown) so that formgrader's page of it runs nothing and loads nothing, in at most MAX_SHOWN characters.

    ``attachments`` are the cell's own pictures, which it may show. ``links`` leaves links to the web, for a text whose author
    is trusted; a person may follow them. ``names`` are names of elements of the page that no heading may take.
    """
    attachments = attachments or {}
    text = shortened(text)
    defused = _defused(text, attachments, links)
    if is_inert(defused, attachments, links=links, names=names):
        return defused
    plain = _as_written(text)
    return plain if _page_is_inert(plain, {}, links=False, names=names) else LEFT_OUT


def inert_code(code: str) -> str:
    """``code`` as formgrader can colour it: in at most MAX_SHOWN characters, and in MAX_SECONDS."""
    code = re.sub(r"[ \t\f\v]{1,1000}$", "", shortened(code, "# "), flags=re.MULTILINE)
    if len(code) <= SHORT_CODE:
        return code
    try:
        with _time_limit():
            highlight(code, get_lexer_by_name("ipython3"), HtmlFormatter())
        return code
    except Exception:
        return f"{code[:SHORT_CODE]}\n# {LEFT_OUT}"


def shortened(text: str, comment: str = "", most: int = MAX_SHOWN) -> str:
    """``text`` up to ``most`` characters, and how many more there are."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n\n{comment}[… {len(text) - most} more characters are in the submitted file …]"


def _defused(text: str, attachments: Attachments, links: bool) -> str:
    text = _TAG.sub("< ", text)
    text = _REFERENCE.sub("& ", text)
    text = _SCRIPT.sub(r"\1 ", text)
    text = _COMMAND.sub(r"\\text", text)

    def apart(found: re.Match[str]) -> str:
        if found["name"] in attachments or links and found["web"]:
            return found[0]
        spaced = re.sub(r"!(?=\[)|\](?=\()|:", r"\g<0> ", found[0])
        return spaced if spaced != found[0] else f"{found[0]} "

    return _LINK.sub(apart, text)


def is_inert(text: str, attachments: Attachments, *, links: bool = False, names: Container[str] = PAGE_IDS) -> bool:
    """Whether formgrader's page of ``text`` has only tags that are on the list, and is made in MAX_SECONDS."""
    return _nested(text) <= MAX_NESTED and _page_is_inert(text, attachments, links=links, names=names)


def _page_is_inert(text: str, attachments: Attachments, *, links: bool, names: Container[str]) -> bool:
    own = {name: dict(bundle) for name, bundle in attachments.items()}
    try:
        with _time_limit():
            page = MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=own)).render(text)
    except Exception:
        return False
    rest = _SAFE_TAG.sub("", page)
    if links:
        rest = _WEB_TAG.sub("", rest)
    taken = re.findall(rf" id=\"({_TEXT})\"", page)
    return "<" not in rest and not any(name in names for name in taken) and not _COMMAND.search(html.unescape(rest))


def _nested(text: str) -> int:
    """How deep brackets stand within brackets; those that are never closed count as well."""
    deepest = depth = 0
    for character in re.findall(r"[\[\]]", text):
        depth = depth + 1 if character == "[" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _as_written(text: str) -> str:
    """``text`` in a block of code, which ends where the text does."""
    longest = max(map(len, re.findall("~+", text)), default=0)
    fence = "~" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """Raise :class:`_TooLong` after MAX_SECONDS of this process's time. In another thread than the first there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
