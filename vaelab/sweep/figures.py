"""The figures of notebook 7: rate and distortion of the recorded models, bounds, holes in the prior."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelab import sweep
from vaelab.plots.checking import images_of
from vaelab.plots.display import drawing, figure
from vaelab.plots.palette import BLUE, GREEN, GREY, ORANGE, VERMILLION

_PIXEL_MEAN = 385.0  # nats per image of the model that knows each pixel's mean only
_SHOWN = (0, 3, 5, 8, 11, 12, 17, 23)  # test images of unlike classes


@figure
def rate_distortion() -> tuple[Figure | None, str]:
    """Every recorded model as a point: rate (the KL) against distortion (the reconstruction), in nats per image.

    Through three points of the series over beta goes the line of slope -beta: moving along it leaves the loss of
    that beta as it is.
    """
    models = sweep.everything()
    worst = sweep.model(16, 50)
    return _plane_figure(models), (
        f"Rate against distortion of {len(models)} models. With 16 latent dimensions the points fall along a curve from "
        f"rate {sweep.model(16, 0.1).kl:.1f}, distortion {sweep.model(16, 0.1).reconstruction:.1f} at β = 0.1 to rate "
        f"{worst.kl:.1f}, distortion {worst.reconstruction:.1f} at β = 50, near the pixel-mean model at {_PIXEL_MEAN:.0f}. "
        f"Models with fewer dimensions lie above the curve."
    )


@drawing
def _plane_figure(models):
    fig = Figure(figsize=(8, 4.6))
    ax = fig.subplots()
    _plane(ax, models)
    for beta in (0.5, 1.0, 4.0):
        at = sweep.model(16, beta)
        rates = np.array([max(0.05, at.kl - 10), at.kl + 10])
        ax.plot(rates, at.reconstruction - beta * (rates - at.kl), ":", color="#444444", linewidth=1.2)
        ax.annotate(f"slope −{beta:g}", (rates[1], at.reconstruction - beta * 10), fontsize=8, va="center", xytext=(3, 0),
                    textcoords="offset points")  # fmt: skip
    ax.legend(loc="center right")
    return fig


def _plane(ax, models, labels=True):
    """Models over latent dimension, over beta with 16 and over beta with 2 dimensions."""
    series = (
        ("β from 0.1 to 50, 16 dimensions", [m for m in models if m.latent_dim == 16], BLUE, "o"),
        ("1 to 32 dimensions, β = 1", [m for m in models if m.beta == 1], VERMILLION, "s"),
        ("β from 0.1 to 20, 2 dimensions", [m for m in models if m.latent_dim == 2], GREEN, "^"),
    )
    for label, members, colour, marker in series:
        members = sorted(members, key=lambda m: m.kl)
        ax.plot([m.kl for m in members], [m.reconstruction for m in members], color=colour, marker=marker, label=label)
    ax.axhline(_PIXEL_MEAN, color=GREY, linestyle=(0, (1, 2)))
    ax.set(xlabel="rate, nats per image", ylabel="distortion, nats", ylim=(210, 395))
    if not labels:
        return
    ax.set(xlabel="rate: KL, nats per image", ylabel="distortion: reconstruction, nats per image")
    ax.annotate("pixel-mean model: 385", (44, _PIXEL_MEAN - 1), fontsize=8, ha="right", va="top")
    for m in models:
        if m.latent_dim == 16:
            ax.annotate(
                f"β {m.beta:g}", (m.kl, m.reconstruction), xytext=(5, 5), textcoords="offset points", fontsize=8
            )
        elif m.beta == 1 and m.latent_dim < 8:
            place = {"xytext": (6, 3)} if m.latent_dim < 4 else {"xytext": (-4, -11), "ha": "right"}
            ax.annotate(f"d {m.latent_dim}", (m.kl, m.reconstruction), textcoords="offset points", fontsize=8, **place)


@figure
def across_dimensions(latent_dim: int = 16) -> tuple[Figure | None, str]:
    """One recorded model with beta = 1: its place, its images, its KL for each dimension.

    Parameters
    ----------
    latent_dim : int
        1, 2, 4, 8, 16 or 32.
    """
    return _card(sweep.model(latent_dim, 1.0))


@figure
def across_beta(beta: float = 1.0) -> tuple[Figure | None, str]:
    """One recorded model with 16 latent dimensions: its place, its images, its KL for each dimension.

    Parameters
    ----------
    beta : float
        0.1, 0.5, 1, 2, 4, 10 or 50.
    """
    return _card(sweep.model(16, beta))


def _card(chosen):
    paying = sum(value > 0.1 for value in chosen.kl_each)
    alt = (
        f"Model with {chosen}: reconstruction {chosen.reconstruction:.1f}, KL {chosen.kl:.1f}, negative ELBO "
        f"{chosen.negative_elbo:.1f} nats per image. {paying} of {chosen.latent_dim} dimensions have a KL above 0.1; the "
        f"largest is {max(chosen.kl_each):.2f}. Beside it test images, their reconstructions, and samples from the prior."
    )
    return _card_figure(chosen), alt


@drawing
def _card_figure(chosen):
    fig = Figure(figsize=(11, 4.6))
    left, right = fig.subfigures(1, 2, width_ratios=[1, 1.25])
    plane, bars = left.subplots(2, 1, height_ratios=[1.5, 1])
    _plane(plane, sweep.everything(), labels=False)
    plane.plot(
        chosen.kl, chosen.reconstruction, "o", markersize=15, markerfacecolor="none", markeredgewidth=2.5, color="black"
    )
    plane.set_title(f"{chosen}: −ELBO {chosen.negative_elbo:.1f}", fontsize=10)
    each = sorted(chosen.kl_each, reverse=True)
    bars.bar(range(1, len(each) + 1), each, color=ORANGE)
    bars.axhline(0.1, color=GREY, linestyle=":")
    bars.set(xlabel="latent dimension, by KL", ylabel="KL, nats", xlim=(0.3, 32.7), ylim=(0, 3.7))
    shown = list(_SHOWN)
    z_mean, _ = chosen.codes
    noise = np.random.default_rng(4).normal(size=(2 * len(shown), chosen.latent_dim)).astype("float32")
    rows = (
        ("test images", sweep.test_images()[shown]),
        ("reconstructions", chosen.decode(z_mean[shown])),
        ("samples from", chosen.decode(noise[: len(shown)])),
        ("the prior", chosen.decode(noise[len(shown) :])),
    )
    axes = right.subplots(len(rows), len(shown))
    for (name, images), row in zip(rows, axes):
        for ax, image in zip(row, images_of(images, name)):
            ax.imshow(image, vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(name, fontsize=9)
    return fig


@figure
def bounds(models: list[sweep.RecordedModel]) -> tuple[Figure | None, str]:
    """The negative ELBO and the importance-weighted bound of several models, and how far they lie apart.

    Parameters
    ----------
    models : list of vaelab.sweep.RecordedModel
    """
    gaps = ", ".join(f"β {m.beta:g}: {m.negative_elbo:.1f} and {m.iw[500]:.1f}" for m in models)
    return _bounds(models), f"Negative ELBO and importance-weighted bound by beta, in nats per image. {gaps}."


@drawing
def _bounds(models):
    fig = Figure(figsize=(8, 3.4))
    ax = fig.subplots()
    places = range(len(models))
    ax.plot(places, [m.negative_elbo for m in models], "o-", color=BLUE, label="negative ELBO")
    ax.plot(places, [m.iw[500] for m in models], "s--", color=VERMILLION, label="importance-weighted, 500 samples")
    ax.set_xticks(places, [f"{m.beta:g}" for m in models])
    ax.set(xlabel="β that the model was trained with, 16 dimensions", ylabel="nats per image")
    ax.legend(loc="upper left")
    return fig


@figure
def holes(codes: ArrayLike, drawn: dict[str, ArrayLike]) -> tuple[Figure | None, str]:
    """Codes of images in two of their dimensions, and samples over them.

    Parameters
    ----------
    codes : array_like, (N, latent_dim)
    drawn : dict of str to array_like, (M, latent_dim)
        Samples by name, a panel each. The two dimensions that vary most among the codes are shown.
    """
    codes = np.asarray(codes)
    first, second = np.argsort(codes.var(0))[::-1][:2]
    alt = (
        f"Codes of {len(codes)} images in latent dimensions {first + 1} and {second + 1}, and over them samples, a panel "
        f"each: {', '.join(drawn)}."
    )
    return _holes(codes, drawn, first, second), alt


@drawing
def _holes(codes, drawn, first, second):
    fig = Figure(figsize=(3.5 * len(drawn), 3.6))
    axes = fig.subplots(1, len(drawn), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (name, points) in zip(axes, drawn.items()):
        ax.scatter(codes[:, first], codes[:, second], s=4, color=GREY, linewidths=0, label="codes")
        points = np.asarray(points)
        ax.scatter(
            points[:, first], points[:, second], s=9, marker="x", linewidths=0.7, color=VERMILLION, label="samples"
        )
        ax.set(title=name, xlabel=f"$z_{{{first + 1}}}$")
    axes[0].set_ylabel(f"$z_{{{second + 1}}}$")
    axes[0].legend(loc="upper right", fontsize=8)
    return fig
