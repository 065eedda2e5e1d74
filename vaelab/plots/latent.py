"""Points of a two-dimensional latent space."""

from collections.abc import Mapping

import numpy as np
from matplotlib import cm, colors
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelab.data import CLASS_NAMES
from vaelab.plots.checking import check_labels, check_points
from vaelab.plots.display import drawing, figure
from vaelab.plots.palette import BLUE, CLASS_COLOURS, CLASS_MARKERS, GREEN, GREY, PURPLE, VERMILLION
from vaelab.plots.wording import signed


@figure
def latent_scatter(z_mean: ArrayLike, labels: ArrayLike, title: str | None = None) -> tuple[Figure, str]:
    """Points of a two-dimensional latent space, a colour and a marker a class.

    Circles mark one, two and three standard deviations of the prior.

    Parameters
    ----------
    z_mean : array_like, (N, 2)
    labels : array_like of int, (N,)
        Classes 0 to 9.
    title : str, optional
    """
    z_mean = check_points(z_mean, "z_mean")
    labels = check_labels(labels, len(z_mean), "labels")
    fig = _class_scatter(z_mean, labels, title)
    present = ", ".join(
        f"{CLASS_NAMES[label]} around ({z_mean[labels == label, 0].mean():.1f}, {z_mean[labels == label, 1].mean():.1f})"
        for label in np.unique(labels)
    )
    return fig, f"{title + ': ' if title else ''}{len(z_mean)} points in latent space by class: {present}."


@drawing
def _class_scatter(z_mean, labels, title):
    fig = Figure(figsize=(8, 6.6))
    ax = fig.subplots()
    size = np.clip(16 * np.sqrt(2000 / len(z_mean)), 9, 30)
    # In portions, each with every class, so that no class hides all the others.
    for portion in np.array_split(np.random.default_rng(0).permutation(len(z_mean)), 12):
        for label in np.unique(labels[portion]):
            points = z_mean[portion[labels[portion] == label]]
            ax.scatter(*points.T, **_class_marker(label, size), alpha=0.75)
    _prior_circles(ax)
    _square(ax, z_mean)
    ax.set(xlabel="$z_1$", ylabel="$z_2$", title=title)
    _class_colour_bar(fig, ax)
    return fig


@figure
def marginals(clouds: Mapping[str, ArrayLike]) -> tuple[Figure, str]:
    """Clouds of latent points side by side, with their means and standard deviations.

    Circles mark one, two and three standard deviations of the prior.

    Parameters
    ----------
    clouds : dict of str to array_like, (N, 2)
        Points by title, such as ``{"prior samples": z1, "posterior means": z2}``.
    """
    if not isinstance(clouds, dict) or not clouds:
        raise ValueError('clouds should be a dict of points by title, such as {"prior samples": z}.')
    points = {name: check_points(z, name) for name, z in clouds.items()}
    summaries = {}
    for name, z in points.items():
        mean, std = z.mean(axis=0), z.std(axis=0)
        summaries[name] = (
            f"mean ({signed(mean[0], 2)}, {signed(mean[1], 2)})\nstandard deviation ({std[0]:.2f}, {std[1]:.2f})"
        )
    described = "; ".join(f"{name}: {summary}".replace("\n", ", ") for name, summary in summaries.items())
    return _side_by_side(points, summaries), f"Clouds of latent points beside the prior's circles. {described}."


@drawing
def _side_by_side(clouds, summaries):
    fig = Figure(figsize=(3.8 * len(clouds), 4.5))
    axes = fig.subplots(1, len(clouds), sharex=True, sharey=True, squeeze=False)[0]
    everything = np.concatenate(list(clouds.values()))
    for ax, (name, z), colour in zip(
        axes, clouds.items(), (GREY, BLUE, VERMILLION, GREEN, PURPLE) * len(clouds), strict=False
    ):
        shown = np.random.default_rng(0).permutation(len(z))[:5000]
        ax.scatter(*z[shown].T, s=5, color=colour, alpha=min(1, 0.2 + 300 / len(shown)), linewidths=0)
        _prior_circles(ax, names=False)
        ax.set_title(name, pad=32)
        ax.text(0, 1.02, summaries[name], transform=ax.transAxes, fontsize=9)
        ax.set_xlabel("$z_1$")
    _square(axes[0], everything)
    for ax in axes[1:]:
        ax.set_aspect("equal")
    axes[0].set_ylabel("$z_2$")
    return fig


def _prior_circles(ax, names=True):
    angle = np.linspace(0, 2 * np.pi, 181)
    for radius in (1, 2, 3):
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color="#333333", linewidth=0.8, linestyle=(0, (4, 3)))
        if names:
            ax.text(0, -radius, f"{radius}σ", fontsize=9, ha="center", va="center", color="#333333",
                    bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1})  # fmt: skip


def _square(ax, z):
    """Equal axes around the points and the prior's circles; a few far outliers may fall outside."""
    reach = max(3.3, 1.05 * min(np.abs(z).max(), 1.5 * np.quantile(np.abs(z), 0.999)))
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")


def _class_marker(label, size):
    marker, colour = CLASS_MARKERS[label], CLASS_COLOURS[label]
    if marker == "|":  # a line: it has no edge to draw
        return {"marker": marker, "color": colour, "s": 1.5 * size, "linewidths": 1.3}
    return {"marker": marker, "facecolor": colour, "edgecolor": "#444444", "s": size, "linewidths": size / 60}


def _class_colour_bar(fig, ax):
    """A discrete colour bar, class names as labels, each class's marker beside its colour."""
    count = len(CLASS_NAMES)
    steps = colors.BoundaryNorm(np.arange(count + 1) - 0.5, count)
    mappable = cm.ScalarMappable(steps, colors.ListedColormap(CLASS_COLOURS))
    bar = fig.colorbar(mappable, ax=ax, ticks=range(count), shrink=0.95, aspect=16)
    bar.ax.set_yticklabels(CLASS_NAMES)
    bar.ax.invert_yaxis()
    bar.ax.tick_params(length=0)
    for label in range(count):
        white = colors.rgb_to_hsv(colors.to_rgb(CLASS_COLOURS[label]))[2] < 0.8
        bar.ax.scatter(
            0.5, label, marker=CLASS_MARKERS[label], s=38, color="white" if white else "black", clip_on=False
        )
