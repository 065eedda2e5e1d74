"""What the bound hides: gaps of the ELBO, and estimates of log p(x) beside the truth."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelab.plots.display import drawing, figure
from vaelab.plots.palette import BLACK, BLUE, ORANGE, SKY, VERMILLION
from vaelab.plots.wording import signed


@figure
def gap_shares(gap: ArrayLike) -> tuple:
    """How much of the sum of all gaps lies with how few images.

    Parameters
    ----------
    gap : array_like, (N,)
        log p(x) - ELBO of each image, in nats.
    """
    ordered = np.sort(np.asarray(gap, float))[::-1]
    share = np.cumsum(ordered) / ordered.sum()
    marks = {per_cent: share[max(1, len(ordered) * per_cent // 100) - 1] for per_cent in (1, 5, 20, 50)}
    words = ", ".join(f"{value:.0%} with {per_cent} % of the images" for per_cent, value in marks.items())
    return _shares(share, marks), f"Share of the sum of all gaps that the images with the largest gaps hold: {words}."


@drawing
def _shares(share, marks):
    fig = Figure(figsize=(7, 3.8))
    ax = fig.subplots()
    images = np.arange(1, len(share) + 1) / len(share) * 100
    ax.plot(images, share * 100, color=BLUE, label="our model")
    ax.plot(images, images, "--", color=BLACK, label="if all gaps were equal")
    for per_cent, value in marks.items():
        ax.plot(per_cent, 100 * value, "o", color=VERMILLION)
        ax.annotate(f"{per_cent} %: {value:.0%}", (per_cent, 100 * value), (6, -12), textcoords="offset points")
    ax.set_xscale("log")
    ax.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    ax.set(xlabel="images, by falling gap (%)", ylabel="share of all gaps (%)", ylim=(0, 105))
    ax.legend(loc="lower right")
    return fig


@figure
def climbing_bound(
    counts: ArrayLike, means: ArrayLike, errors: ArrayLike, exact: float, title: str | None = None
) -> tuple:
    """The importance-weighted bound against the number of codes, beside the exact evidence.

    Parameters
    ----------
    counts : sequence of int
        Codes for each image, K.
    means, errors : array_like, (len(counts),)
        The bound, averaged over images, and its standard error; nats per image.
    exact : float
        Mean exact log p(x) of the same images.
    title : str, optional
    """
    counts, means, errors = np.asarray(counts), np.asarray(means, float), np.asarray(errors, float)
    if not counts.shape == means.shape == errors.shape:
        raise ValueError(f"counts, means and errors have shapes {counts.shape}, {means.shape} and {errors.shape}.")
    words = ", ".join(f"{signed(m, 2)} ± {e:.2f} with {k}" for k, m, e in zip(counts, means, errors, strict=True))
    alt = f"{title + ': ' if title else ''}The bound in nats: {words} codes; the exact value is {signed(exact, 2)}."
    return _climbing(counts, means, errors, exact, title), alt


@drawing
def _climbing(counts, means, errors, exact, title):
    fig = Figure(figsize=(7, 4))
    ax = fig.subplots()
    ax.errorbar(counts, means, yerr=errors, marker="o", color=BLUE, capsize=4, label="importance-weighted bound")
    ax.axhline(exact, color=VERMILLION, linestyle="--", label=f"exact: {signed(exact, 2)}")
    ax.set_xscale("log")
    ax.set_xticks(counts, [f"{n:,}" for n in counts])
    ax.minorticks_off()
    ax.set(xlabel="codes for each image, K", ylabel="log p(x), nats per image", title=title)
    ax.legend(loc="lower right")
    return fig


@figure
def estimates(values: ArrayLike, exact: float, elbo: float) -> tuple:
    """Many estimates of log p(x) for one image, and where the truth lies.

    Parameters
    ----------
    values : array_like, (n,)
        Estimates, in nats.
    exact, elbo : float
        Exact log p(x) and the ELBO of the image.
    """
    values = np.asarray(values, float)
    above = (values > exact).mean()
    alt = (
        f"Histogram of {len(values)} estimates from {signed(values.min(), 1)} to {signed(values.max(), 1)} nats with mean "
        f"{signed(values.mean(), 2)}; {above:.0%} lie above the exact value {signed(exact, 2)}. The ELBO is {signed(elbo, 2)}."
    )
    return _histogram(values, exact, elbo, above), alt


@drawing
def _histogram(values, exact, elbo, above):
    fig = Figure(figsize=(7, 3.8))
    ax = fig.subplots()
    ax.hist(values, bins=40, color=SKY, edgecolor="white", linewidth=0.4)
    ax.axvline(exact, color=VERMILLION, linestyle="--", label=f"exact: {signed(exact, 2)}")
    ax.axvline(values.mean(), color=BLUE, label=f"mean of the estimates: {signed(values.mean(), 2)}")
    ax.axvline(elbo, color=BLACK, linestyle=":", label=f"ELBO: {signed(elbo, 2)}")
    ax.set(
        xlabel="estimate of log p(x) (nats)",
        ylabel="estimates",
        title=f"{above:.0%} of the estimates lie above the truth",
    )
    ax.legend(fontsize=8)
    return fig


@figure
def two_gaps(names: Sequence[str], amortisation: ArrayLike, approximation: ArrayLike) -> tuple:
    """What the encoder loses to the best Gaussian, and what that loses to the truth, for each class.

    Parameters
    ----------
    names : sequence of str
    amortisation, approximation : array_like, (len(names),)
        In nats per image.
    """
    amortisation, approximation = np.asarray(amortisation, float), np.asarray(approximation, float)
    words = "; ".join(
        f"{name} {a:.2f} and {b:.2f}" for name, a, b in zip(names, amortisation, approximation, strict=True)
    )
    return _bars(names, amortisation, approximation), f"Amortisation and approximation gap in nats per image: {words}."


@drawing
def _bars(names, amortisation, approximation):
    fig = Figure(figsize=(7.5, 4.4))
    ax = fig.subplots()
    order = np.argsort(amortisation + approximation)
    rows = np.arange(len(names))
    ax.barh(rows, amortisation[order], color=ORANGE, edgecolor="white", hatch="//", label="amortisation gap")
    ax.barh(
        rows, approximation[order], left=amortisation[order], color=BLUE, edgecolor="white", label="approximation gap"
    )
    ax.set_yticks(rows, [names[i] for i in order])
    ax.set(xlabel="nats per image")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower right")
    return fig
