"""What a formula means: the KL term, its gradient, a Monte Carlo estimate, the floor of the loss."""

from collections.abc import Callable

import numpy as np
from matplotlib import colors
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.stats import norm

from vaelab.plots.display import drawing, figure
from vaelab.plots.palette import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION
from vaelab.plots.wording import signed


@figure
def kl_integrand(mean: float, log_var: float) -> tuple[Figure, str]:
    """KL divergence in one dimension as an area: q = N(mean, exp log_var) against the prior p = N(0, 1).

    Above, the two densities; below, q log(q / p), whose area is KL(q || p). The number in
    the title is that area, integrated numerically. Axes are the same for every input.

    Parameters
    ----------
    mean, log_var : float
        With log_var between -20 and 10.
    """
    mean, log_var = float(mean), float(log_var)
    if not (np.isfinite(mean) and -20 <= log_var <= 10):
        raise ValueError(f"mean is {mean} and log_var {log_var}; expected finite, and log_var between -20 and 10.")
    sigma = np.exp(log_var / 2)
    reach = np.linspace(mean - 12 * sigma, mean + 12 * sigma, 20001)  # q is nothing beyond
    area_positive, area_negative = (np.trapezoid(part, reach) for part in _signs(_integrand(reach, mean, sigma)))
    area = area_positive + area_negative
    alt = (
        f"Densities of the prior N(0, 1) and of q with mean {mean:.2f} and standard deviation {sigma:.2f}; below, "
        f"q log(q/p), with an area of {area_positive:.3f} above zero and {signed(area_negative, 3)} below: {area:.3f} nats."
    )
    return _densities(mean, sigma, area_positive, area_negative), alt


@drawing
def _densities(mean, sigma, area_positive, area_negative):
    """Both densities, and below them the integrand with its two areas."""
    limit = 9
    z = np.union1d(np.linspace(-limit, limit, 1001), np.linspace(mean - 12 * sigma, mean + 12 * sigma, 1001))
    z = z[np.abs(z) <= limit]
    integrand = _integrand(z, mean, sigma)

    fig = Figure(figsize=(7.5, 5.4))
    top, bottom = fig.subplots(2, 1, sharex=True)
    top.plot(z, norm.pdf(z), "--", color=BLACK, label="$p(z)$, the prior")
    top.plot(z, norm.pdf(z, mean, sigma), color=BLUE, label="$q(z)$")
    top.set_title(f"mean {signed(mean, 2)}, standard deviation {sigma:.2f}")
    top.set(ylim=(0, 1.25), ylabel="density")
    positive, negative = _signs(integrand)
    bottom.fill_between(z, positive, facecolor=ORANGE, edgecolor="white", hatch="//", linewidth=0, label="positive")
    bottom.fill_between(z, negative, facecolor=SKY, edgecolor="white", hatch="..", linewidth=0, label="negative")
    bottom.plot(z, integrand, color=BLACK, linewidth=1.2)
    bottom.axhline(0, color="#555555", linewidth=0.8)
    bottom.set(ylim=(-0.5, 1.5), xlim=(-limit, limit), xlabel="$z$", ylabel=r"$q\,\log(q/p)$")
    area = area_positive + area_negative
    bottom.set_title(
        f"KL(q‖p) = {area_positive:.3f} − {abs(area_negative):.3f} = {abs(area):.3f} nats"
    )  # never "-0.000"
    for ax in (top, bottom):  # above the frame: inside it, some setting of the sliders would meet the legend
        ax.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2, borderaxespad=0.3)
    return fig


@figure
def kl_surface(kl_function: Callable) -> tuple[Figure, str]:
    """Contour lines of a KL term over the plane of one mean and one log variance.

    Parameters
    ----------
    kl_function : callable
        Called once as ``kl_function(z_mean, z_log_var)`` with two float32 arrays of shape
        (n, 1); returns n numbers, in nats.
    """
    mean, log_var = np.linspace(-3, 3, 61, dtype="float32"), np.linspace(-4, 3, 71, dtype="float32")
    z_mean, z_log_var = np.meshgrid(mean, log_var)
    kl, name = kl_function(z_mean.reshape(-1, 1), z_log_var.reshape(-1, 1)), _name(kl_function)
    if kl is None:
        raise ValueError(f"{name} returned None: look at the last line of the function.")
    kl = np.asarray(kl, dtype=float)
    if kl.shape != (z_mean.size,):
        raise ValueError(
            f"{name} returned shape {kl.shape} for a batch of {z_mean.size} images; expected ({z_mean.size},), one number for each."
        )
    if not np.isfinite(kl).all():
        raise ValueError(
            f"{name} returned NaN or infinite values for means from -3 to 3 and log variances from -4 to 3."
        )
    alt = (
        "Contour lines of the KL term over z_mean from -3 to 3 and z_log_var from -4 to 3; the prior (0, 0) is marked. "
        f"Values go from {kl.min():.2f} to {kl.max():.2f} nats."
    )
    return _contours(mean, log_var, kl.reshape(z_mean.shape)), alt


@drawing
def _contours(mean, log_var, kl):
    """Filled contours of `kl` (values at `log_var`, values at `mean`)."""
    fig = Figure(figsize=(7, 5.2))
    ax = fig.subplots()
    levels = [0.1, 0.5, 1, 2, 3, 4, 6, 8, 10, 12]
    filled = ax.contourf(mean, log_var, kl, [0, *levels], cmap="viridis_r", extend="both")
    met = [level for level in levels if kl.min() < level < kl.max()]
    if met:  # a wrong function may meet none, and matplotlib would warn
        lines = ax.contour(mean, log_var, kl, met, colors="black", linewidths=0.7)
        ax.clabel(lines, [level for level in met if level <= 4], fmt="%g")
    ax.plot(0, 0, marker="o", markersize=9, markerfacecolor="white", markeredgecolor=VERMILLION, markeredgewidth=2.5)
    fig.colorbar(filled, ax=ax, ticks=[0, *levels], format="%g").set_label("KL (nats)")
    ax.set(xlabel="z_mean", ylabel="z_log_var", title="KL term of one latent dimension")
    ax.grid(False)
    return fig


@figure
def kl_arrows(gradient_function: Callable) -> tuple[Figure, str]:
    """Where gradient descent on a KL term pushes a posterior: arrows along minus its gradient.

    Parameters
    ----------
    gradient_function : callable
        Called once as ``gradient_function(z_mean, z_log_var)`` with two float32 arrays of shape
        (n, 1); returns the derivatives of the KL term with respect to each, both of shape (n, 1).
    """
    side = np.linspace(-3, 3, 17, dtype="float32")
    z_mean, z_log_var = (axis.reshape(-1, 1) for axis in np.meshgrid(side, side))
    gradients, name = list(gradient_function(z_mean, z_log_var)), _name(gradient_function)
    if any(gradient is None for gradient in gradients):
        raise ValueError(
            f"{name} returned no gradient; expected one for each argument. Does the function that it differentiates "
            "leave TensorFlow on the way, by NumPy for instance?"
        )
    gradients = [np.asarray(gradient, dtype=float) for gradient in gradients]
    shapes = [gradient.shape for gradient in gradients]
    if shapes != [z_mean.shape] * 2:
        raise ValueError(f"{name} returned shapes {shapes}; expected two of {z_mean.shape}.")
    steps = -np.concatenate(gradients, axis=1)
    if not np.isfinite(steps).all():
        raise ValueError(f"{name} returned NaN or infinite values.")
    size = np.linalg.norm(steps, axis=1)
    # A length that grows with the gradient and never reaches the next arrow: the colour tells how steep it is.
    lengths = 0.36 * size / (1 + size)
    arrows = steps * (lengths / np.where(size > 0, size, 1))[:, None]

    inward = float(((steps * np.concatenate([z_mean, z_log_var], axis=1)).sum(axis=1)[size > 0] < 0).mean())
    alt = (
        "Arrows over the plane of z_mean and z_log_var, from -3 to 3, along minus the gradient of the KL term; "
        f"{inward:.0%} of them point towards the prior at (0, 0), and the largest gradient is {size.max():.1f}."
    )
    return _arrows(z_mean[:, 0], z_log_var[:, 0], arrows, size), alt


@drawing
def _arrows(z_mean, z_log_var, arrows, size):
    """Arrows on the plane, in the colour of the gradient that they follow."""
    fig = Figure(figsize=(7, 5.6))
    ax = fig.subplots()
    quiver = ax.quiver(
        z_mean, z_log_var, *arrows.T, size, cmap="viridis_r", norm=colors.LogNorm(0.1, 10, clip=True),
        angles="xy", scale_units="xy", scale=1, width=0.005, minlength=0.5,
    )  # fmt: skip
    ax.plot(0, 0, marker="o", markersize=11, markerfacecolor="white", markeredgecolor=VERMILLION, markeredgewidth=2.5)
    ax.annotate("the prior", (0, 0), (9, 9), textcoords="offset points", weight="bold", color=VERMILLION,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1})  # fmt: skip
    bar = fig.colorbar(quiver, ax=ax, extend="both", ticks=[0.1, 0.3, 1, 3, 10], format="%g")
    bar.set_label("size of the gradient (nats per unit)")
    bar.ax.minorticks_off()
    ax.set(xlabel="z_mean", ylabel="z_log_var", xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect="equal")
    return fig


@figure
def monte_carlo_convergence(estimates: ArrayLike, exact: float) -> tuple[Figure, str]:
    """How slowly a Monte Carlo estimate settles: running means against the number of samples.

    Parameters
    ----------
    estimates : array_like, (repeats, n_samples)
        Single-sample estimates, one repeat a row, such as log q(z) - log p(z) with z from q.
        Their running means are taken here.
    exact : float
        What they estimate, in nats.
    """
    estimates, exact = np.asarray(estimates, dtype=float), float(exact)
    if estimates.ndim != 2 or estimates.shape[1] < 2 or not len(estimates):
        raise ValueError(
            f"estimates has shape {estimates.shape}; expected (repeats, n_samples), with at least 2 samples."
        )
    if not (np.isfinite(estimates).all() and np.isfinite(exact)):
        raise ValueError("estimates or exact holds NaN or infinite values.")
    running = estimates.cumsum(axis=1) / np.arange(1, estimates.shape[1] + 1)
    spread = estimates.std()
    alt = (
        f"{len(running)} running means against the number of samples, to {running.shape[1]:,}: they spread by {spread:.2f} "
        f"for one sample and by {running[:, -1].std():.3f} at the end, around the exact {exact:.3f} nats."
    )
    return _running_means(running, exact, spread), alt


@drawing
def _running_means(running, exact, spread):
    """A line for each estimate, and the funnel of two standard errors."""
    count = np.arange(1, running.shape[1] + 1)
    fig = Figure(figsize=(8, 4.2))
    ax = fig.subplots()
    width = 2 * spread / np.sqrt(count)
    ax.fill_between(
        count,
        exact - width,
        exact + width,
        color=SKY,
        alpha=0.25,
        linewidth=0,
        label=r"exact ± 2 standard errors ($\propto 1/\sqrt{n}$)",
    )
    # The eye cannot tell points closer than this on a logarithmic axis, and the file need not hold them.
    kept = np.unique(np.geomspace(1, len(count), 600).astype(int)) - 1
    for i, row in enumerate(running):
        ax.plot(
            count[kept],
            row[kept],
            color=BLUE,
            alpha=0.6,
            linewidth=1.1,
            label=f"{len(running)} estimates" if i == 0 else None,
        )
    ax.axhline(exact, color=VERMILLION, linestyle="--", label=f"exact: {exact:.3f}")
    ax.set(xscale="log", xlim=(1, len(count)), xlabel="number of samples $n$", ylabel="running mean (nats)")
    reach = 1.15 * max(2 * spread / np.sqrt(2), np.abs(running[:, 1:] - exact).max())
    ax.set_ylim(exact - reach, exact + reach)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.legend(loc="upper right")
    return fig


@figure
def bernoulli_floor(targets: ArrayLike = (0.0, 0.2, 0.5)) -> tuple[Figure, str]:
    """Why grey-scale targets put a floor under the loss: a pixel's cross-entropy against its prediction.

    Parameters
    ----------
    targets : array_like, (n,)
        Grey values in [0, 1], up to four.
    """
    targets = np.asarray(targets, dtype=float)
    if targets.ndim != 1 or not 1 <= len(targets) <= 4 or not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError(f"targets is {targets}; expected one to four grey values in [0, 1].")
    alt = "Cross-entropy of one pixel against the prediction p. " + " ".join(
        f"For x = {x:g} the lowest point is {_cross_entropy(x, np.clip(x, 1e-12, 1 - 1e-12)):.2f} nats, at p = x."
        for x in targets
    )
    return _cross_entropies(targets), alt


@drawing
def _cross_entropies(targets):
    """A curve for each target, with its lowest point."""
    p = np.linspace(0.002, 0.998, 499)
    fig = Figure(figsize=(7.5, 4.4))
    ax = fig.subplots()
    for x, colour, marker, line in zip(
        targets, (BLUE, VERMILLION, GREEN, PURPLE), "osD^", ("-", "--", "-.", ":"), strict=False
    ):
        ax.plot(p, _cross_entropy(x, p), line, color=colour, label=f"$x$ = {x:g}")
        floor = _cross_entropy(x, np.clip(x, 1e-12, 1 - 1e-12))
        ax.plot(x, floor, marker, color=colour, markersize=8, clip_on=False, zorder=3)
        # Below the minimum, on the side that the other curves leave free.
        offset, align = ((4, -14), "left") if x < 0.1 else ((-2, -18), "right") if x < 0.5 else ((8, -16), "left")
        ax.annotate(
            f"{floor:.2f} at p = {x:g}",
            (x, floor),
            offset,
            textcoords="offset points",
            ha=align,
            color=colour,
            weight="bold",
        )
    ax.set(xlim=(0, 1), ylim=(-0.2, 2.5), xlabel="prediction $p$", ylabel="cross-entropy (nats)")
    ax.legend(loc="upper center", title="grey value of the pixel")
    return fig


def _name(function):
    """What a notebook calls a function."""
    return getattr(function, "__name__", "the function")


def _integrand(z, mean, sigma):
    log_q, log_p = norm.logpdf(z, mean, sigma), norm.logpdf(z)
    return np.exp(log_q) * (log_q - log_p)


def _signs(values):
    return np.maximum(values, 0), np.minimum(values, 0)


def _cross_entropy(x, p):
    return -x * np.log(p) - (1 - x) * np.log1p(-p)
