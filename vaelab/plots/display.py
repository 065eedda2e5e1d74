"""From a matplotlib figure to accessible HTML in a notebook."""

import base64
import contextlib
import functools
import html
import io
import os
from collections.abc import Callable
from pathlib import Path

from matplotlib import style
from matplotlib.figure import Figure
from PIL import Image

STYLE = Path(__file__).with_name("style.mplstyle")

#: Set to "described", nothing is drawn: for a grader that keeps no HTML.
VARIABLE = "VAELAB_FIGURES"


def show(fig: Figure, alt: str) -> Figure | None:
    """Display a figure with its alternative text, or return it outside notebooks.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What the figure shows, for those who do not see it.

    Returns
    -------
    matplotlib.figure.Figure or None
        None in a notebook.
    """
    if not in_notebook():
        return fig
    from IPython.display import display

    if described():
        display({"text/plain": alt}, raw=True)
        return None
    display({"text/html": markup(fig, alt), "text/plain": alt}, raw=True)
    return None


def markup(fig: Figure, alt: str) -> str:
    """A figure as HTML, with its alternative text: nbconvert ignores that of an image output, of an <img> it cannot."""
    source = base64.b64encode(png(fig)).decode("ascii")
    return f'<figure style="margin: 0"><img style="max-width: 100%" alt="{html.escape(alt)}" src="data:image/png;base64,{source}"></figure>'


def described() -> bool:
    """Whether figures are to be described and not drawn."""
    return os.environ.get(VARIABLE) == "described"


def drawing(draw: Callable) -> Callable:
    """Mark a function that only draws a figure: where figures are described, it gives None at once."""

    @functools.wraps(draw)
    def drawn(*args, **kwargs):
        return None if described() else draw(*args, **kwargs)

    return drawn


def in_notebook() -> bool:
    """Whether the code runs in a Jupyter kernel, where HTML can be displayed."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def png(fig: Figure) -> bytes:
    """A figure as a small PNG: 8 bits a pixel, grey if it is, else from a palette of 256 colours."""
    raw, small = io.BytesIO(), io.BytesIO()
    fig.savefig(raw, format="png")
    image = Image.open(raw).convert("RGB")
    red, green, blue = image.split()
    grey = red.tobytes() == green.tobytes() == blue.tobytes()
    (red if grey else image.quantize(256, dither=Image.Dither.NONE)).save(small, format="png", optimize=True)
    return small.getvalue()


def figure(build: Callable) -> Callable:
    """Turn a function that builds (figure, alternative text) into one that displays it, styled."""

    @functools.wraps(build)
    def plot(*args, **kwargs):
        with contextlib.nullcontext() if described() else style.context(STYLE, after_reset=True):
            return show(*build(*args, **kwargs))

    return plot
