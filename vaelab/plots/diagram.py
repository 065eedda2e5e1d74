"""A drawing of a VAE: from an image to a distribution over codes, to a sample, to an image."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch
from numpy.typing import ArrayLike

from vaelab.plots.checking import images_of
from vaelab.plots.display import drawing, figure
from vaelab.plots.palette import BLUE, VERMILLION


@figure
def vae_parts(image: ArrayLike) -> tuple[Figure, str]:
    """The parts of a VAE in the order in which an image passes them.

    Parameters
    ----------
    image : array_like
        One image, (1, 784), (1, 28, 28) or (1, 28, 28, 1), in [0, 1].
    """
    image = images_of(image, "image")[0]
    alt = (
        "The parts of a VAE, from left to right: an image x; an arrow, the encoder; a plane of codes with a circle for the prior p(z) "
        "around the origin and a small ellipse for q(z|x) with its mean, and one point drawn from it, the sample z; an arrow, the "
        "decoder; a blurred image, the reconstruction."
    )
    return _drawn(image), alt


def _blurred(image):
    """The image with each pixel averaged over its neighbourhood, for a reconstruction that is only a drawing."""
    padded = np.pad(image, 2, mode="edge")
    rows, columns = image.shape
    shifted = [padded[i : i + rows, j : j + columns] for i in range(5) for j in range(5)]
    return np.mean(shifted, axis=0)


@drawing
def _drawn(image):
    """Image, plane of codes, image; with arrows between them."""
    fig = Figure(figsize=(9.5, 3), layout="none")
    left, middle, right = fig.subplots(1, 3, width_ratios=[1, 1.6, 1], gridspec_kw={"wspace": 0.5})
    for ax, picture, name in ((left, image, "an image $x$"), (right, _blurred(image), "its reconstruction")):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[], title=name)
    middle.add_patch(Ellipse((0, 0), 4, 4, fill=False, linestyle="--", color="#555555"))
    middle.annotate("prior $p(z)$", (-1.4, -1.45), (-3.1, -2.3), color="#333333")
    middle.add_patch(Ellipse((1.0, 0.7), 1.5, 0.9, facecolor=BLUE, alpha=0.25, edgecolor=BLUE))
    middle.plot(1.0, 0.7, "o", color=BLUE, markersize=5)
    middle.annotate(
        "$q(z \\mid x)$, with its mean",
        (1.0, 0.7),
        (-3.1, 2.2),
        color=BLUE,
        arrowprops={"arrowstyle": "-", "color": BLUE},
    )
    middle.plot(1.45, 0.5, "*", color=VERMILLION, markersize=13)
    middle.annotate(
        "a sample $z$",
        (1.45, 0.5),
        (-0.6, -1.35),
        color=VERMILLION,
        arrowprops={"arrowstyle": "-", "color": VERMILLION},
    )
    middle.set(xlim=(-3.2, 3.2), ylim=(-2.6, 2.6), xticks=[], yticks=[], title="the plane of codes", aspect="equal")
    middle.grid(False)
    for start, end, name in ((left, middle, "encoder"), (middle, right, "decoder")):
        a, b = start.get_position(), end.get_position()
        y = (a.y0 + a.y1) / 2
        fig.add_artist(
            FancyArrowPatch(
                (a.x1 + 0.01, y),
                (b.x0 - 0.01, y),
                transform=fig.transFigure,
                arrowstyle="-|>",
                mutation_scale=16,
                color="black",
            )
        )
        fig.text((a.x1 + b.x0) / 2, y + 0.06, name, ha="center")
    return fig
