"""Images in rows, grids and panels."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.stats import norm

from vaelab.plots.checking import at_least_one, class_names, images_of
from vaelab.plots.display import drawing, figure
from vaelab.plots.wording import signed


@figure
def gallery(images: ArrayLike, labels: ArrayLike | None = None, n: int = 18, columns: int = 6) -> tuple[Figure, str]:
    """The first n images, with their class names.

    Parameters
    ----------
    images : array_like
    labels : array_like of int, (N,), optional
        Classes 0 to 9.
    n, columns : int
    """
    images = images_of(images, "images")[: at_least_one(n, "n")]
    names = class_names(labels, len(images), "labels")
    columns = min(at_least_one(columns, "columns"), len(images))
    fig = _tiles(images, columns, captions=names, size=1.25)
    return fig, f"Images of the data set, {len(images)} in all" + (f": {', '.join(names)}." if names else ".")


@figure
def samples(images: ArrayLike, columns: int = 10) -> tuple[Figure, str]:
    """Generated images, in rows.

    Parameters
    ----------
    images : array_like
    columns : int
    """
    images = images_of(images, "images")
    fig = _tiles(images, min(at_least_one(columns, "columns"), len(images)), size=0.95)
    return fig, f"Generated images, {len(images)} in all."


@figure
def reconstructions(
    x: ArrayLike, x_decoded: ArrayLike, labels: ArrayLike | None = None, n: int = 10
) -> tuple[Figure, str]:
    """The first n originals and, below them, their reconstructions.

    Parameters
    ----------
    x, x_decoded : array_like
        Images and what the model makes of them, in the same order.
    labels : array_like of int, (N,), optional
        Classes 0 to 9, written above.
    n : int
    """
    rows = {"original": x, "reconstruction": x_decoded}
    return _rows(rows, labels, None, n)


@figure
def compare(
    x: ArrayLike,
    rows: Mapping[str, ArrayLike],
    nats: Mapping[str, ArrayLike] | None = None,
    labels: ArrayLike | None = None,
    n: int = 10,
) -> tuple[Figure, str]:
    """The same images through several models, a row a model.

    Parameters
    ----------
    x : array_like
        Original images, the first row.
    rows : dict of str to array_like
        Reconstructions by model name.
    nats : dict of str to array_like, (N,), optional
        By model name, a loss per image in nats, written under the image.
    labels : array_like of int, (N,), optional
        Classes 0 to 9, written above.
    n : int
    """
    if not isinstance(rows, dict) or not rows:
        raise ValueError('rows should be a dict of images by model name, such as {"MLP": a, "conv": b}.')
    unknown = set(nats or {}) - set(rows)
    if unknown:
        raise ValueError(f"nats names {sorted(unknown)}; expected names in rows: {sorted(rows)}.")
    return _rows({"original": x, **rows}, labels, nats, n)


def prior_quantile_grid(n: int, low: float = 0.05) -> np.ndarray:
    """Latent points on an n x n grid whose cells hold equal shares of the prior N(0, I).

    Equal steps of probability from low to 1 - low go through the Gaussian's inverse CDF.
    Points come in reading order: z1 grows from left to right, z2 falls from top to bottom.

    Parameters
    ----------
    n : int
        Points a side.
    low : float
        Probability of the outermost quantile, between 0 and 0.5.

    Returns
    -------
    numpy.ndarray, (n * n, 2), float32
    """
    if not 0 < low < 0.5:
        raise ValueError(f"low is {low}; expected a probability between 0 and 0.5.")
    quantiles = norm.ppf(np.linspace(low, 1 - low, at_least_one(n, "n")))
    z1, z2 = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1).astype("float32")


@figure
def manifold(
    decode: Callable[[np.ndarray], ArrayLike], n: int = 15, image_shape: tuple[int, int] = (28, 28), low: float = 0.05
) -> tuple[Figure, str]:
    """What the decoder makes of each part of a two-dimensional latent space.

    Parameters
    ----------
    decode : callable
        From latent points (n * n, 2) to as many images; called once.
    n : int
        Images a side.
    image_shape : (int, int)
    low : float
        As in ``prior_quantile_grid``.
    """
    z = prior_quantile_grid(n, low)
    x = np.asarray(decode(z))
    height, width = image_shape
    if x.size != n * n * height * width or len(x) != n * n:
        raise ValueError(
            f"decode returned shape {x.shape} for {n * n} points; expected {n * n} images of {image_shape}."
        )
    x = images_of(x.reshape(n * n, height, width), "decode(z)")
    panel = x.reshape(n, n, height, width).swapaxes(1, 2).reshape(n * height, n * width)

    quantiles = z[:n, 0]
    alt = (
        f"{n} by {n} decoded images over the latent plane, z1 from {quantiles[0]:.2f} to {quantiles[-1]:.2f} "
        f"from left to right and z2 likewise from bottom to top; neighbours resemble each other if the model is trained."
    )
    return _panel(panel, quantiles, (height, width)), alt


@drawing
def _panel(panel, quantiles, image_shape):
    """Images side by side in one, (n * height, n * width), with their place in the latent plane at the edges."""
    n, (height, width) = len(quantiles), image_shape
    # Each pixel of an image becomes a square of whole pixels on screen, hence crisp.
    zoom = max(1, round(720 / (n * width)))
    fig = Figure(layout="none")
    sides = np.array([n * width, n * height]) * zoom / fig.dpi
    left, bottom, pad = 0.62, 0.55, 0.06
    total = sides + [left + pad, bottom + pad]
    fig.set_size_inches(total)
    ax = fig.add_axes((left / total[0], bottom / total[1], *sides / total))
    # Unit tiles: tile i is centred on i, the lowest z2 at the bottom.
    ax.imshow(panel, vmin=0, vmax=1, extent=(-0.5, n - 0.5, -0.5, n - 0.5), aspect=height / width)
    step = 2 if n > 9 else 1
    ticks = np.arange((n - 1) // 2 % step, n, step)  # the middle one, z = 0, among them
    ax.set_xticks(ticks, [signed(quantiles[i]) for i in ticks])
    ax.set_yticks(ticks, [signed(quantiles[i]) for i in ticks])
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return fig


@drawing
def _tiles(images, columns, captions=None, size=1.0):
    """A figure with a grid of images, size inches each, and captions above."""
    rows = -(-len(images) // columns)
    fig = Figure(figsize=(columns * size, rows * (size + (0.24 if captions else 0))))
    fig.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.set_axis_off()
    for i, (ax, image) in enumerate(zip(axes, images, strict=False)):
        ax.imshow(image, vmin=0, vmax=1)
        if captions:
            ax.set_title(captions[i], fontsize=9, weight="normal", loc="center", pad=3)
    return fig


def _rows(rows, labels, nats, n):
    """Rows of images with the rows' names at the left: the figure and its alternative text."""
    rows = {name: images_of(images, name) for name, images in rows.items()}
    first, images = next(iter(rows.items()))
    for name, others in rows.items():
        if len(others) != len(images):
            raise ValueError(f"{first} has {len(images)} images and {name} {len(others)}; expected the same images.")
    names = class_names(labels, len(images), "labels")
    nats = {name: np.asarray(values, dtype=float) for name, values in (nats or {}).items()}
    for name, values in nats.items():
        if values.shape != (len(images),):
            raise ValueError(
                f"nats of {name!r} has shape {values.shape}; expected ({len(images)},), a number an image."
            )
    n = min(at_least_one(n, "n"), len(images))
    fig = _labelled_rows(rows, names, nats, n)
    alt = f"{n} images a row: {', '.join(rows)}."
    if nats:
        alt += (
            " Mean nats per image: "
            + ", ".join(f"{name} {values[:n].mean():.1f}" for name, values in nats.items())
            + "."
        )
    return fig, alt


@drawing
def _labelled_rows(rows, names, nats, n):
    heights = [1.22 if name in nats else 1 for name in rows]
    fig = Figure(figsize=(0.98 * n + 0.3, sum(heights) * 0.98 + (0.25 if names else 0)))
    fig.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    axes = fig.subplots(len(rows), n, squeeze=False, height_ratios=heights)
    for row, (name, row_images) in zip(axes, rows.items(), strict=True):
        for i, ax in enumerate(row):
            ax.imshow(row_images[i], vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
            if name in nats:
                ax.set_xlabel(f"{nats[name][i]:.1f}", fontsize=9, labelpad=2)
        row[0].set_ylabel(name, fontsize=9, labelpad=4)
    for i, class_name in enumerate(names[:n] if names else []):
        axes[0, i].set_title(class_name, fontsize=9, weight="normal", loc="center", pad=3)
    return fig
