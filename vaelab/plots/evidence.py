"""The evidence as a sum over a plane of codes, and true posteriors under an encoder's Gaussians."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from numpy.typing import ArrayLike
from scipy.ndimage import map_coordinates

from vaelab.plots.display import drawing, figure
from vaelab.plots.palette import BLACK, BLUE, GREEN, SKY, VERMILLION
from vaelab.plots.wording import signed

#: Shares of the posterior inside the two contours that are drawn.
_INSIDE = (0.95, 0.5)


@figure
def joint(axis: ArrayLike, log_joint: ArrayLike) -> tuple:
    """log p(x, z) of one image over a square of codes, and the same as a density.

    Parameters
    ----------
    axis : array_like, (n,)
        Coordinates of the codes, the same in both dimensions and evenly spaced.
    log_joint : array_like, (n, n)
        In nats; ``log_joint[i, j]`` belongs to the code ``(axis[i], axis[j])``.
    """
    axis, log_joint = np.asarray(axis, float), np.asarray(log_joint, float)
    if log_joint.shape != (len(axis), len(axis)) or not np.isfinite(log_joint).all():
        raise ValueError(
            f"log_joint has shape {log_joint.shape}; expected finite numbers of shape {(len(axis), len(axis))}."
        )
    best = axis[np.array(np.unravel_index(log_joint.argmax(), log_joint.shape))]
    share = np.exp(log_joint - log_joint.max())
    near = (share / share.sum() * (np.hypot(axis[:, None] - best[0], axis[None] - best[1]) < 0.5)).sum()
    alt = (
        f"Two maps of the plane of codes. On the left log p(x, z), from {signed(log_joint.min(), 0)} to "
        f"{signed(log_joint.max(), 0)} nats, highest at ({signed(best[0])}, {signed(best[1])}). On the right its exponential: "
        f"one small spot, {near:.0%} of it within 0.5 of that code."
    )
    return _maps(axis, log_joint), alt


@drawing
def _maps(axis, log_joint):
    fig = Figure(figsize=(9, 4.2))
    left, right = fig.subplots(1, 2)
    height = log_joint - log_joint.max()
    filled = left.contourf(axis, axis, height.T, [-1000, -300, -100, -30, -10, -3, 0], cmap="viridis", extend="min")
    fig.colorbar(filled, ax=left).set_label("nats below the highest")
    left.set(title="$\\log p(x, z)$")
    right.pcolormesh(axis, axis, np.exp(height).T, cmap="Greys", shading="nearest")
    right.set(title="$p(x, z)$, as a density")
    for ax in (left, right):
        _prior(ax)
        ax.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
        ax.grid(False)
    return fig


@figure
def grid_convergence(counts: ArrayLike, estimates: Mapping[str, ArrayLike]) -> tuple:
    """Sums over finer and finer grids, as differences to the finest.

    Parameters
    ----------
    counts : sequence of int
        Codes along each side of the grid.
    estimates : dict of str to array_like, (len(counts),)
        log p(x) by each grid, in nats, for each image.
    """
    counts = np.asarray(counts)
    off = {name: np.asarray(values, float) - np.asarray(values, float)[-1] for name, values in estimates.items()}
    words = "; ".join(
        f"{name}: " + ", ".join(f"{signed(v, 2)} with {n}" for n, v in zip(counts, values, strict=True))
        for name, values in off.items()
    )
    return _convergence(counts, off), f"Difference of each sum to the finest grid's, in nats. {words} codes a side."


@drawing
def _convergence(counts, off):
    fig = Figure(figsize=(7, 3.8))
    ax = fig.subplots()
    for (name, values), colour, marker in zip(off.items(), (BLUE, VERMILLION, GREEN, BLACK), "osD^", strict=False):
        ax.plot(counts, values, marker=marker, color=colour, label=name)
    ax.axhline(0, color="#555555", linewidth=0.8)
    ax.set_xscale("log")
    ax.set_yscale("symlog", linthresh=0.01)
    ax.set_xticks(counts, [str(n) for n in counts])
    ax.minorticks_off()
    ax.set(xlabel="codes along each side of the grid", ylabel="nats above the finest grid")
    ax.legend()
    return fig


@figure
def true_posterior(cases: Sequence[Mapping], number: int = 0) -> tuple:
    """One of several images: its true posterior, and the encoder's Gaussian on top.

    Parameters
    ----------
    cases : sequence of dict
        With ``name``, ``x`` (an image), ``posterior`` (a `vaelab.evidence.GridPosterior` in two dimensions),
        ``z_mean`` and ``z_log_var`` (2,), and ``elbo`` in nats.
    number : int
        Which one.
    """
    case = cases[number]
    posterior, gap = case["posterior"], case["posterior"].log_p - case["elbo"]
    mean, std = _moments(posterior)
    q_mean, q_std = np.asarray(case["z_mean"]), np.exp(0.5 * np.asarray(case["z_log_var"]))
    where = ", ".join(signed(v, 2) for v in mean), ", ".join(signed(v, 2) for v in q_mean)
    alt = (
        f"{case['name']}. The true posterior has mean ({where[0]}) and standard deviations ({std[0]:.2f}, {std[1]:.2f}); "
        f"the encoder says ({where[1]}) and ({q_std[0]:.2f}, {q_std[1]:.2f}). Hidden in the gap: {gap:.1f} nats."
    )
    return _posterior_figure(case, gap, mean, std, q_mean, q_std), alt


def _moments(posterior):
    """Mean and standard deviation in each dimension."""
    cell = np.prod([axis[1] - axis[0] for axis in posterior.axes])
    marginals = posterior.density.sum(axis=1) * cell, posterior.density.sum(axis=0) * cell
    mean = np.array([m @ axis for m, axis in zip(marginals, posterior.axes, strict=True)])
    spread = [m @ (axis - c) ** 2 for m, axis, c in zip(marginals, posterior.axes, mean, strict=True)]
    return mean, np.sqrt(spread)


def _smooth(posterior):
    """Axes and density on a grid fine enough for smooth contours, with nothing around it."""
    logs = np.log(np.pad(posterior.density, 2) + 1e-9 * posterior.density.max())
    times = int(np.ceil(200 / min(logs.shape)))
    axes = []
    for axis, size in zip(posterior.axes, logs.shape, strict=True):
        step = axis[1] - axis[0]
        axes.append(np.linspace(axis[0] - 2 * step, axis[-1] + 2 * step, min(size * times, 1200)))
    index = np.meshgrid(
        *[np.linspace(0, n - 1, len(axis)) for n, axis in zip(logs.shape, axes, strict=True)], indexing="ij"
    )
    return axes, np.exp(map_coordinates(logs, index, order=1 if logs.size > 1e5 else 3))


@drawing
def _posterior_figure(case, gap, mean, std, q_mean, q_std):
    fig = Figure(figsize=(8.6, 4.6))
    picture, ax = fig.subplots(1, 2, width_ratios=(1, 2.2))
    picture.imshow(np.asarray(case["x"]).reshape(28, 28), cmap="gray", vmin=0, vmax=1)
    picture.set_axis_off()
    picture.set_title(case["name"])
    axes, density = _smooth(case["posterior"])
    ordered = np.sort(density.ravel())[::-1]
    cumulative = np.cumsum(ordered) / ordered.sum()
    levels = [ordered[np.searchsorted(cumulative, inside)] for inside in _INSIDE]
    ax.contourf(*axes, density.T, [*levels, ordered[0] * 1.01], colors=[SKY, BLUE], alpha=0.8)
    ax.plot(*mean, marker="+", markersize=11, color=BLACK, linestyle="", label="mean of the true posterior")
    for k in (1, 2):
        ax.add_patch(
            Ellipse(
                q_mean,
                *(2 * k * q_std),
                fill=False,
                edgecolor=VERMILLION,
                linestyle="--",
                linewidth=2,
                label="q(z|x): 1 and 2 σ" if k == 1 else None,
            )
        )
    ax.plot(*q_mean, marker="x", color=VERMILLION, linestyle="")
    low = np.minimum(mean - 3.5 * std, q_mean - 3 * q_std)
    high = np.maximum(mean + 3.5 * std, q_mean + 3 * q_std)
    centre, half = (low + high) / 2, (high - low).max() / 2
    ax.set(xlim=(centre[0] - half, centre[0] + half), ylim=(centre[1] - half, centre[1] + half), aspect="equal")
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    ax.set_title(f"hidden in the gap: {gap:.1f} nats")
    ax.legend(loc="best", fontsize=8)
    return fig


def _prior(ax):
    angle = np.linspace(0, 2 * np.pi, 181)
    for radius in (1, 2, 3):
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), color=VERMILLION, linewidth=0.8, linestyle=(0, (4, 3)))
