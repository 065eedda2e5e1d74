"""What training and testing gave: curves and bars, in nats per image."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vaelab.plots.display import drawing, figure
from vaelab.plots.palette import BLUE, GREEN, ORANGE, PURPLE, VERMILLION

# Test-set losses in nats per image to hold a curve against (Fashion-MNIST, latent_dim 2). Those of the VAEs are where the
# course's own reference trainings end.
LANDMARKS = {
    "pixel-mean model": 385.0,
    "MLP VAE, 50 epochs": 261.7,
    "conv VAE, 15 epochs": 256.7,
    "entropy floor": 189.9,
}


@figure
def learning_curve(history: Any, landmarks: bool = True) -> tuple[Figure, str]:
    """Loss against epochs, with landmarks, and its two parts.

    Training is solid and test dashed. The left panel shows the loss among the landmarks,
    the middle one the same curve closer (its first epochs may lie above the frame).

    Parameters
    ----------
    history : vaelab.training.History
        Or anything with its attributes. Without epochs, the figure says that nothing was trained.
    landmarks : bool
        Whether to draw the landmarks. They are for Fashion-MNIST.
    """
    if not len(history.epochs):
        message = "No learning curve: no epoch of training was completed."
        return _message(message), message

    marks = LANDMARKS if landmarks else {}

    def fall(name, values):
        return f"{name} loss goes from {values[0]:.1f} to {values[-1]:.1f}"

    parts = [fall("training", history.loss)] + ([fall("test", history.val_loss)] if history.val_loss else [])
    alt = (
        f"Learning curve over {len(history.epochs)} epochs, in nats per image: {', '.join(parts)}; at the end training "
        f"reconstruction is {history.reconstruction[-1]:.1f} and KL {history.kl[-1]:.1f}."
    )
    if marks:
        alt += " Landmarks: " + ", ".join(f"{name} {value:.1f}" for name, value in marks.items()) + "."
    return _curves(history, marks), alt


@drawing
def _message(text):
    """A sentence in the place of a figure."""
    fig = Figure(figsize=(9, 1.4))
    ax = fig.subplots()
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, ha="center", va="center", fontsize=11, color="#555555")
    return fig


@drawing
def _curves(history, marks):
    """Loss among the landmarks, closer, and its two parts."""
    fig = Figure(figsize=(11.5, 4.2))
    layout = (
        [["whole", "close", "reconstruction"], ["whole", "close", "kl"]]
        if marks
        else [["close", "reconstruction"], ["close", "kl"]]
    )
    axes = fig.subplot_mosaic(layout, width_ratios=[0.75, 1.5, 1.15][-len(layout[0]) :])
    for name, ax in axes.items():
        part = "loss" if name in ("whole", "close") else name
        marker = {"marker": "o", "markersize": 3.5} if len(history.epochs) <= 20 else {}
        ax.plot(history.epochs, getattr(history, part), color=BLUE, label="training", **marker)
        if len(getattr(history, f"val_{part}")):
            ax.plot(history.epochs, getattr(history, f"val_{part}"), "--", color=VERMILLION, label="test", **marker)
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        _focus(ax, history, part)
    if marks:
        values = history.loss + history.val_loss
        axes["whole"].set_ylim(min(180, *values) - 2, max(395, min(max(values), 450)))
        axes["whole"].set_title("loss and landmarks")
        _mark(axes["whole"], {f"{value:.1f}  {name}": value for name, value in marks.items()})
        low, high = axes["close"].get_ylim()
        _mark(
            axes["close"],
            {f"{value:.1f}  {name.split(',')[0]}": value for name, value in marks.items() if low <= value <= high},
        )
    axes["close"].set_title("loss, closer" if marks else "loss")
    axes["close"].legend(loc="upper right")
    axes["reconstruction"].set_title("reconstruction")
    axes["reconstruction"].tick_params(labelbottom=False)
    axes["kl"].set_title("KL")
    for name in ("whole", "close", "kl"):
        if name in axes:
            axes[name].set_xlabel("epoch")
    next(iter(axes.values())).set_ylabel("nats per image")
    return fig


@figure
def bar_comparison(rows: Mapping[str, Mapping[str, float]]) -> tuple[Figure, str]:
    """Losses of several models as stacked bars, the parts' numbers written in them.

    Parameters
    ----------
    rows : dict of str to dict of str to float
        By model, its parts in nats per image: ``{"MLP": {"reconstruction": 256.4, "kl": 6.6}, ...}``.
        Every model has the same parts, none negative.
    """
    if not isinstance(rows, dict) or not rows or not all(isinstance(row, dict) and row for row in rows.values()):
        raise ValueError('rows should look like {"MLP": {"reconstruction": 256.4, "kl": 6.6}}.')
    parts = list(next(iter(rows.values())))
    for name, row in rows.items():
        if list(row) != parts:
            raise ValueError(f"{name!r} has parts {list(row)}; expected {parts}, as the first model has.")
        if not all(np.isfinite(value) and value >= 0 for value in row.values()):
            raise ValueError(f"{name!r} has parts {row}; expected finite numbers, none negative.")
    alt = "Stacked bars, in nats per image. " + " ".join(
        f"{name}: {', '.join(f'{part} {value:.1f}' for part, value in row.items())}, total {sum(row.values()):.1f}."
        for name, row in rows.items()
    )
    return _stacked_bars(rows, parts), alt


@drawing
def _stacked_bars(rows, parts):
    """A bar for each model, one above the other, the first on top."""
    fig = Figure(figsize=(9, 1.3 + 0.55 * len(rows)))
    ax = fig.subplots()
    longest = max(sum(row.values()) for row in rows.values())
    fills = [(BLUE, "", "white"), (ORANGE, "///", "black"), (GREEN, "...", "white"), (PURPLE, "xx", "black")]
    for y, row in enumerate(rows.values()):
        left, outside = 0, []
        for part, (colour, hatch, ink) in zip(parts, fills, strict=False):
            value = row[part]
            ax.barh(
                y,
                value,
                left=left,
                height=0.62,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                label=part if y == 0 else None,
            )
            if value > 0.12 * longest:
                ax.text(left + value / 2, y, f"{value:.1f}", ha="center", va="center", color=ink, weight="bold")
            else:
                outside.append(f"{part} {value:.1f}")
            left += value
        note = ", ".join([*outside, f"total {left:.1f}"])
        ax.text(left + 0.01 * longest, y, note, va="center")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="nats per image", xlim=(0, 1.28 * longest))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(parts))
    return fig


def _focus(ax, history, part):
    """Limit the vertical axis to what the later epochs need, so that they can be read."""
    late = slice(min(len(history.epochs) // 4, 3), None)
    values = np.concatenate([getattr(history, part)[late], getattr(history, f"val_{part}")[late]])
    values = values[np.isfinite(values)]
    if len(values):
        margin = max(0.06 * np.ptp(values), 0.01 * np.abs(values).max()) or 1.0  # a KL of exactly 0
        ax.set_ylim(values.min() - margin, values.max() + margin)


def _mark(ax, marks):
    """Draw labelled horizontal lines, the labels right of the axes and clear of each other."""
    if not marks:
        return
    low, high = ax.get_ylim()
    inches = ax.get_figure().get_figheight() * 0.75  # the axes' height, about
    gap = (high - low) * 0.17 / inches
    names = sorted(marks, key=marks.get)
    for name, y in zip(names, _spread([marks[name] for name in names], gap), strict=True):
        ax.axhline(marks[name], color="#555555", linewidth=1, linestyle=(0, (1, 2)), zorder=1.5)
        ax.annotate(
            name, (1, marks[name]), (1.05, y), xycoords=("axes fraction", "data"), textcoords=("axes fraction", "data"),
            va="center", fontsize=8.5, color="#333333", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "#888888", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def _spread(values, gap):
    """Rising values moved apart to at least gap, each as little as its group allows."""
    groups = []  # (mean of the values as if the gaps were not there, members)
    for i, value in enumerate(values):
        centre, size = value - i * gap, 1
        while groups and groups[-1][0] >= centre:
            other, count = groups.pop()
            centre, size = (centre * size + other * count) / (size + count), size + count
        groups.append((centre, size))
    flat = [centre for centre, size in groups for _ in range(size)]
    return [centre + i * gap for i, centre in enumerate(flat)]
