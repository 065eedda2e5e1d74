"""The course's figures: arrays in, one accessible figure out.

In a notebook every function displays its figure as HTML with an alternative text and
returns None; elsewhere it returns the ``matplotlib.figure.Figure`` and prints nothing.
Figures are made without pyplot, so they leave no global state behind, and in the
packaged style, which is applied for the time of drawing only.

Functions take arrays, never models (``manifold`` and ``kl_arrows`` take a function that
they call once). Images are (N, 784), (N, 28, 28) or (N, 28, 28, 1) in [0, 1].
"""

import base64
import functools
import html
import io
from pathlib import Path

import numpy as np
from matplotlib import cm, colors, style
from matplotlib.figure import Figure
from PIL import Image
from scipy.stats import norm

from vaelab.data import CLASS_NAMES

# Test-set losses in nats per image to hold a curve against (Fashion-MNIST, latent_dim 2).
LANDMARKS = {
    "pixel-mean model": 385.0,
    "MLP VAE, 50 epochs": 262.4,
    "conv VAE, 15 epochs": 260.4,
    "entropy floor": 189.9,
}

STYLE = Path(__file__).with_name("style.mplstyle")

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#000000"
GREY, BROWN = "#9A9A9A", "#7A3B12"  # the two that a ten-class plot adds to Okabe and Ito's eight

# One colour and one marker a class. Of all assignments this one keeps classes that meet in
# latent space (the tops 0, 2, 3, 4, 6; the shoes 5, 7, 9; 8 with the tops) furthest apart,
# as seen with normal vision and as simulated for protanopia, deuteranopia and tritanopia.
CLASS_COLOURS = (BLUE, PURPLE, BROWN, BLACK, ORANGE, GREEN, GREY, YELLOW, SKY, VERMILLION)
CLASS_MARKERS = ("o", "|", "s", "^", "v", "P", "D", "X", "*", "<")


# Displaying -----------------------------------------------------------------------------


def show(fig, alt):
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

    source = base64.b64encode(png(fig)).decode("ascii")
    # nbconvert ignores the alternative text of an image output; of an <img> it cannot.
    tag = f'<figure style="margin: 0"><img style="max-width: 100%" alt="{html.escape(alt)}" src="data:image/png;base64,{source}"></figure>'
    display({"text/html": tag, "text/plain": alt}, raw=True)
    return None


def in_notebook():
    """Whether the code runs in a Jupyter kernel, where HTML can be displayed."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def png(fig):
    """A figure as a small PNG: 8 bits a pixel, grey if it is, else from a palette of 256 colours."""
    raw, small = io.BytesIO(), io.BytesIO()
    fig.savefig(raw, format="png")
    image = Image.open(raw).convert("RGB")
    red, green, blue = image.split()
    grey = red.tobytes() == green.tobytes() == blue.tobytes()
    (red if grey else image.quantize(256, dither=Image.Dither.NONE)).save(small, format="png", optimize=True)
    return small.getvalue()


def _figure(build):
    """Turn a function that builds (figure, alternative text) into one that displays it, styled."""

    @functools.wraps(build)
    def plot(*args, **kwargs):
        with style.context(STYLE, after_reset=True):
            return show(*build(*args, **kwargs))

    return plot


# Images ---------------------------------------------------------------------------------


@_figure
def gallery(images, labels=None, n=18, columns=6):
    """The first n images, with their class names.

    Parameters
    ----------
    images : array_like
    labels : array_like of int, (N,), optional
        Classes 0 to 9.
    n, columns : int
    """
    images = _images(images, "images")[: _at_least_one(n, "n")]
    names = _class_names(labels, len(images), "labels")
    columns = min(_at_least_one(columns, "columns"), len(images))
    fig = _tiles(images, columns, captions=names, size=1.25)
    return fig, f"Images of the data set, {len(images)} in all" + (f": {', '.join(names)}." if names else ".")


@_figure
def samples(images, columns=10):
    """Generated images, in rows.

    Parameters
    ----------
    images : array_like
    columns : int
    """
    images = _images(images, "images")
    fig = _tiles(images, min(_at_least_one(columns, "columns"), len(images)), size=0.95)
    return fig, f"Generated images, {len(images)} in all."


@_figure
def reconstructions(x, x_decoded, labels=None, n=10):
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


@_figure
def compare(x, rows, nats=None, labels=None, n=10):
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


def prior_quantile_grid(n, low=0.05):
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
    quantiles = norm.ppf(np.linspace(low, 1 - low, _at_least_one(n, "n")))
    z1, z2 = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1).astype("float32")


@_figure
def manifold(decode, n=15, image_shape=(28, 28), low=0.05):
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
        raise ValueError(f"decode returned shape {x.shape} for {n * n} points; expected {n * n} images of {image_shape}.")
    x = _images(x.reshape(n * n, height, width), "decode(z)")
    panel = x.reshape(n, n, height, width).swapaxes(1, 2).reshape(n * height, n * width)

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
    quantiles = z[:n, 0]
    step = 2 if n > 9 else 1
    ticks = np.arange((n - 1) // 2 % step, n, step)  # the middle one, z = 0, among them
    ax.set_xticks(ticks, [_signed(quantiles[i]) for i in ticks])
    ax.set_yticks(ticks, [_signed(quantiles[i]) for i in ticks])
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    alt = (
        f"{n} by {n} decoded images over the latent plane, z1 from {quantiles[0]:.2f} to {quantiles[-1]:.2f} "
        f"from left to right and z2 likewise from bottom to top; neighbours resemble each other if the model is trained."
    )
    return fig, alt


# Training -------------------------------------------------------------------------------


@_figure
def learning_curve(history, landmarks=True):
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
        fig = Figure(figsize=(9, 1.4))
        ax = fig.subplots()
        ax.set_axis_off()
        message = "No learning curve: no epoch of training was completed."
        ax.text(0.5, 0.5, message, ha="center", va="center", fontsize=11, color="#555555")
        return fig, message

    marks = LANDMARKS if landmarks else {}
    fig = Figure(figsize=(11.5, 4.2))
    layout = [["whole", "close", "reconstruction"], ["whole", "close", "kl"]] if marks else [["close", "reconstruction"], ["close", "kl"]]
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
        _mark(axes["close"], {f"{value:.1f}  {name.split(',')[0]}": value for name, value in marks.items() if low <= value <= high})
    axes["close"].set_title("loss, closer" if marks else "loss")
    axes["close"].legend(loc="upper right")
    axes["reconstruction"].set_title("reconstruction")
    axes["reconstruction"].tick_params(labelbottom=False)
    axes["kl"].set_title("KL")
    for name in ("whole", "close", "kl"):
        if name in axes:
            axes[name].set_xlabel("epoch")
    next(iter(axes.values())).set_ylabel("nats per image")

    def fall(name, values):
        return f"{name} loss goes from {values[0]:.1f} to {values[-1]:.1f}"

    parts = [fall("training", history.loss)] + ([fall("test", history.val_loss)] if history.val_loss else [])
    alt = (
        f"Learning curve over {len(history.epochs)} epochs, in nats per image: {', '.join(parts)}; at the end training "
        f"reconstruction is {history.reconstruction[-1]:.1f} and KL {history.kl[-1]:.1f}."
    )
    if marks:
        alt += " Landmarks: " + ", ".join(f"{name} {value:.1f}" for name, value in marks.items()) + "."
    return fig, alt


@_figure
def bar_comparison(rows):
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
    fig = Figure(figsize=(9, 1.3 + 0.55 * len(rows)))
    ax = fig.subplots()
    longest = max(sum(row.values()) for row in rows.values())
    fills = [(BLUE, "", "white"), (ORANGE, "///", "black"), (GREEN, "...", "white"), (PURPLE, "xx", "black")]
    for y, row in enumerate(rows.values()):
        left, outside = 0, []
        for part, (colour, hatch, ink) in zip(parts, fills, strict=False):
            value = row[part]
            ax.barh(y, value, left=left, height=0.62, color=colour, hatch=hatch, edgecolor="white", label=part if y == 0 else None)
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
    alt = "Stacked bars, in nats per image. " + " ".join(
        f"{name}: {', '.join(f'{part} {value:.1f}' for part, value in row.items())}, total {sum(row.values()):.1f}."
        for name, row in rows.items()
    )
    return fig, alt


# Latent space ---------------------------------------------------------------------------


@_figure
def latent_scatter(z_mean, labels, title=None):
    """Points of a two-dimensional latent space, a colour and a marker a class.

    Circles mark one, two and three standard deviations of the prior.

    Parameters
    ----------
    z_mean : array_like, (N, 2)
    labels : array_like of int, (N,)
        Classes 0 to 9.
    title : str, optional
    """
    z_mean = _points(z_mean, "z_mean")
    labels = _labels(labels, len(z_mean), "labels")
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
    present = ", ".join(
        f"{CLASS_NAMES[label]} around ({z_mean[labels == label, 0].mean():.1f}, {z_mean[labels == label, 1].mean():.1f})"
        for label in np.unique(labels)
    )
    return fig, f"{title + ': ' if title else ''}{len(z_mean)} points in latent space by class: {present}."


@_figure
def marginals(clouds):
    """Clouds of latent points side by side, with their means and standard deviations.

    Circles mark one, two and three standard deviations of the prior.

    Parameters
    ----------
    clouds : dict of str to array_like, (N, 2)
        Points by title, such as ``{"prior samples": z1, "posterior means": z2}``.
    """
    if not isinstance(clouds, dict) or not clouds:
        raise ValueError('clouds should be a dict of points by title, such as {"prior samples": z}.')
    clouds = {name: _points(z, name) for name, z in clouds.items()}
    fig = Figure(figsize=(3.8 * len(clouds), 4.5))
    axes = fig.subplots(1, len(clouds), sharex=True, sharey=True, squeeze=False)[0]
    everything = np.concatenate(list(clouds.values()))
    summaries = []
    for ax, (name, z), colour in zip(axes, clouds.items(), (GREY, BLUE, VERMILLION, GREEN, PURPLE) * len(clouds), strict=False):
        shown = np.random.default_rng(0).permutation(len(z))[:5000]
        ax.scatter(*z[shown].T, s=5, color=colour, alpha=min(1, 0.2 + 300 / len(shown)), linewidths=0)
        _prior_circles(ax, names=False)
        mean, std = z.mean(axis=0), z.std(axis=0)
        summary = f"mean ({_signed(mean[0], 2)}, {_signed(mean[1], 2)})\nstandard deviation ({std[0]:.2f}, {std[1]:.2f})"
        ax.set_title(name, pad=32)
        ax.text(0, 1.02, summary, transform=ax.transAxes, fontsize=9)
        ax.set_xlabel("$z_1$")
        summaries.append(f"{name}: {summary}".replace("\n", ", "))
    _square(axes[0], everything)
    for ax in axes[1:]:
        ax.set_aspect("equal")
    axes[0].set_ylabel("$z_2$")
    return fig, "Clouds of latent points beside the prior's circles. " + "; ".join(summaries) + "."


# Explaining -----------------------------------------------------------------------------


@_figure
def kl_integrand(mean, log_var):
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
    area_positive, area_negative = (
        np.trapezoid(part, reach) for part in _signs(_integrand(reach, mean, sigma))
    )
    limit = 6
    z = np.union1d(np.linspace(-limit, limit, 1001), reach[::20])
    z = z[np.abs(z) <= limit]
    integrand = _integrand(z, mean, sigma)

    fig = Figure(figsize=(7.5, 5.4))
    top, bottom = fig.subplots(2, 1, sharex=True)
    top.plot(z, norm.pdf(z), "--", color=BLACK, label="$p(z)$, the prior")
    top.plot(z, norm.pdf(z, mean, sigma), color=BLUE, label="$q(z)$")
    top.set_title(f"mean {_signed(mean, 2)}, standard deviation {sigma:.2f}")
    top.set(ylim=(0, 1.25), ylabel="density")
    positive, negative = _signs(integrand)
    bottom.fill_between(z, positive, facecolor=ORANGE, edgecolor="white", hatch="//", linewidth=0, label="positive")
    bottom.fill_between(z, negative, facecolor=SKY, edgecolor="white", hatch="..", linewidth=0, label="negative")
    bottom.plot(z, integrand, color=BLACK, linewidth=1.2)
    bottom.axhline(0, color="#555555", linewidth=0.8)
    bottom.set(ylim=(-0.5, 1.5), xlim=(-limit, limit), xlabel="$z$", ylabel=r"$q\,\log(q/p)$")
    area = area_positive + area_negative
    bottom.set_title(f"KL(q‖p) = {area_positive:.3f} − {-area_negative:.3f} = {area:.3f} nats")
    for ax in (top, bottom):  # above the frame: inside it, some setting of the sliders would meet the legend
        ax.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2, borderaxespad=0.3)
    alt = (
        f"Densities of the prior N(0, 1) and of q with mean {mean:.2f} and standard deviation {sigma:.2f}; below, "
        f"q log(q/p), with an area of {area_positive:.3f} above zero and {_signed(area_negative, 3)} below: {area:.3f} nats."
    )
    return fig, alt


@_figure
def kl_surface(kl_function):
    """Contour lines of a KL term over the plane of one mean and one log variance.

    Parameters
    ----------
    kl_function : callable
        Called once as ``kl_function(z_mean, z_log_var)`` with two float32 arrays of shape
        (n, 1); returns n numbers, in nats.
    """
    mean, log_var = np.linspace(-3, 3, 61, dtype="float32"), np.linspace(-4, 3, 71, dtype="float32")
    z_mean, z_log_var = np.meshgrid(mean, log_var)
    kl = np.asarray(kl_function(z_mean.reshape(-1, 1), z_log_var.reshape(-1, 1)), dtype=float)
    if kl.shape != (z_mean.size,):
        raise ValueError(
            f"kl_function returned shape {kl.shape} for a batch of {z_mean.size}; expected ({z_mean.size},): one number an image."
        )
    if not np.isfinite(kl).all():
        raise ValueError("kl_function returned NaN or infinite values for means from -3 to 3 and log variances from -4 to 3.")
    fig = Figure(figsize=(7, 5.2))
    ax = fig.subplots()
    levels = [0.1, 0.5, 1, 2, 3, 4, 6, 8, 10, 12]
    filled = ax.contourf(mean, log_var, kl.reshape(z_mean.shape), [0, *levels], cmap="viridis_r", extend="both")
    met = [level for level in levels if kl.min() < level < kl.max()]
    if met:  # a wrong function may meet none, and matplotlib would warn
        lines = ax.contour(mean, log_var, kl.reshape(z_mean.shape), met, colors="black", linewidths=0.7)
        ax.clabel(lines, [level for level in met if level <= 4], fmt="%g")
    ax.plot(0, 0, marker="o", markersize=9, markerfacecolor="white", markeredgecolor=VERMILLION, markeredgewidth=2.5)
    fig.colorbar(filled, ax=ax, ticks=[0, *levels], format="%g").set_label("KL (nats)")
    ax.set(xlabel="z_mean", ylabel="z_log_var", title="KL term of one latent dimension")
    ax.grid(False)
    alt = (
        "Contour lines of the KL term over z_mean from -3 to 3 and z_log_var from -4 to 3; the prior (0, 0) is marked. "
        f"Values go from {kl.min():.2f} to {kl.max():.2f} nats."
    )
    return fig, alt


@_figure
def kl_arrows(gradient_function):
    """Where gradient descent on a KL term pushes a posterior: arrows along minus its gradient.

    Parameters
    ----------
    gradient_function : callable
        Called once as ``gradient_function(z_mean, z_log_var)`` with two float32 arrays of shape
        (n, 1); returns the derivatives of the KL term with respect to each, both of shape (n, 1).
    """
    side = np.linspace(-3, 3, 17, dtype="float32")
    z_mean, z_log_var = (axis.reshape(-1, 1) for axis in np.meshgrid(side, side))
    gradients = [np.asarray(gradient, dtype=float) for gradient in gradient_function(z_mean, z_log_var)]
    shapes = [gradient.shape for gradient in gradients]
    if shapes != [z_mean.shape] * 2:
        raise ValueError(f"gradient_function returned shapes {shapes}; expected two of {z_mean.shape}.")
    steps = -np.concatenate(gradients, axis=1)
    if not np.isfinite(steps).all():
        raise ValueError("gradient_function returned NaN or infinite values.")
    size = np.linalg.norm(steps, axis=1)
    # A length that grows with the gradient and never reaches the next arrow: the colour tells how steep it is.
    lengths = 0.36 * size / (1 + size)
    arrows = steps * (lengths / np.where(size > 0, size, 1))[:, None]

    fig = Figure(figsize=(7, 5.6))
    ax = fig.subplots()
    quiver = ax.quiver(
        z_mean[:, 0], z_log_var[:, 0], *arrows.T, size, cmap="viridis_r", norm=colors.LogNorm(0.1, 10, clip=True),
        angles="xy", scale_units="xy", scale=1, width=0.005, minlength=0.5,
    )  # fmt: skip
    ax.plot(0, 0, marker="o", markersize=11, markerfacecolor="white", markeredgecolor=VERMILLION, markeredgewidth=2.5)
    ax.annotate("the prior", (0, 0), (9, 9), textcoords="offset points", weight="bold", color=VERMILLION,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1})  # fmt: skip
    bar = fig.colorbar(quiver, ax=ax, extend="both", ticks=[0.1, 0.3, 1, 3, 10], format="%g")
    bar.set_label("size of the gradient (nats per unit)")
    bar.ax.minorticks_off()
    ax.set(xlabel="z_mean", ylabel="z_log_var", xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect="equal")
    inward = float(((steps * np.concatenate([z_mean, z_log_var], axis=1)).sum(axis=1)[size > 0] < 0).mean())
    alt = (
        "Arrows over the plane of z_mean and z_log_var, from -3 to 3, along minus the gradient of the KL term; "
        f"{inward:.0%} of them point towards the prior at (0, 0), and the largest gradient is {size.max():.1f}."
    )
    return fig, alt


@_figure
def monte_carlo_convergence(estimates, exact):
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
        raise ValueError(f"estimates has shape {estimates.shape}; expected (repeats, n_samples), with at least 2 samples.")
    if not (np.isfinite(estimates).all() and np.isfinite(exact)):
        raise ValueError("estimates or exact holds NaN or infinite values.")
    count = np.arange(1, estimates.shape[1] + 1)
    running = estimates.cumsum(axis=1) / count
    spread = estimates.std()
    fig = Figure(figsize=(8, 4.2))
    ax = fig.subplots()
    width = 2 * spread / np.sqrt(count)
    ax.fill_between(count, exact - width, exact + width, color=SKY, alpha=0.25, linewidth=0, label=r"exact ± 2 standard errors ($\propto 1/\sqrt{n}$)")
    # The eye cannot tell points closer than this on a logarithmic axis, and the file need not hold them.
    kept = np.unique(np.geomspace(1, len(count), 600).astype(int)) - 1
    for i, row in enumerate(running):
        ax.plot(count[kept], row[kept], color=BLUE, alpha=0.6, linewidth=1.1, label=f"{len(running)} estimates" if i == 0 else None)
    ax.axhline(exact, color=VERMILLION, linestyle="--", label=f"exact: {exact:.3f}")
    ax.set(xscale="log", xlim=(1, len(count)), xlabel="number of samples $n$", ylabel="running mean (nats)")
    reach = 1.15 * max(2 * spread / np.sqrt(2), np.abs(running[:, 1:] - exact).max())
    ax.set_ylim(exact - reach, exact + reach)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.legend(loc="upper right")
    alt = (
        f"{len(running)} running means against the number of samples, to {len(count):,}: they spread by {spread:.2f} "
        f"for one sample and by {running[:, -1].std():.3f} at the end, around the exact {exact:.3f} nats."
    )
    return fig, alt


@_figure
def bernoulli_floor(targets=(0.0, 0.2, 0.5)):
    """Why grey-scale targets put a floor under the loss: a pixel's cross-entropy against its prediction.

    Parameters
    ----------
    targets : sequence of float
        Grey values in [0, 1], up to four.
    """
    targets = np.asarray(targets, dtype=float)
    if targets.ndim != 1 or not 1 <= len(targets) <= 4 or not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError(f"targets is {targets}; expected one to four grey values in [0, 1].")
    p = np.linspace(0.002, 0.998, 499)
    fig = Figure(figsize=(7.5, 4.4))
    ax = fig.subplots()
    for x, colour, marker, line in zip(targets, (BLUE, VERMILLION, GREEN, PURPLE), "osD^", ("-", "--", "-.", ":"), strict=False):
        ax.plot(p, _cross_entropy(x, p), line, color=colour, label=f"$x$ = {x:g}")
        floor = _cross_entropy(x, np.clip(x, 1e-12, 1 - 1e-12))
        ax.plot(x, floor, marker, color=colour, markersize=8, clip_on=False, zorder=3)
        # Below the minimum, on the side that the other curves leave free.
        offset, align = ((4, -14), "left") if x < 0.1 else ((-2, -18), "right") if x < 0.5 else ((8, -16), "left")
        ax.annotate(f"{floor:.2f} at p = {x:g}", (x, floor), offset, textcoords="offset points", ha=align, color=colour, weight="bold")
    ax.set(xlim=(0, 1), ylim=(-0.2, 2.5), xlabel="prediction $p$", ylabel="cross-entropy (nats)")
    ax.legend(loc="upper center", title="grey value of the pixel")
    alt = "Cross-entropy of one pixel against the prediction p. " + " ".join(
        f"For x = {x:g} the lowest point is {_cross_entropy(x, np.clip(x, 1e-12, 1 - 1e-12)):.2f} nats, at p = x." for x in targets
    )
    return fig, alt


# Parts ----------------------------------------------------------------------------------


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
    rows = {name: _images(images, name) for name, images in rows.items()}
    first, images = next(iter(rows.items()))
    for name, others in rows.items():
        if len(others) != len(images):
            raise ValueError(f"{first} has {len(images)} images and {name} {len(others)}; expected the same images.")
    names = _class_names(labels, len(images), "labels")
    nats = {name: np.asarray(values, dtype=float) for name, values in (nats or {}).items()}
    for name, values in nats.items():
        if values.shape != (len(images),):
            raise ValueError(f"nats of {name!r} has shape {values.shape}; expected ({len(images)},), a number an image.")
    n = min(_at_least_one(n, "n"), len(images))
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
    alt = f"{n} images a row: {', '.join(rows)}."
    if nats:
        alt += " Mean nats per image: " + ", ".join(f"{name} {values[:n].mean():.1f}" for name, values in nats.items()) + "."
    return fig, alt


def _focus(ax, history, part):
    """Limit the vertical axis to what the later epochs need, so that they can be read."""
    late = slice(min(len(history.epochs) // 4, 3), None)
    values = np.concatenate([getattr(history, part)[late], getattr(history, f"val_{part}")[late]])
    values = values[np.isfinite(values)]
    if len(values):
        margin = max(0.06 * np.ptp(values), 0.01 * np.abs(values).max())
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
        bar.ax.scatter(0.5, label, marker=CLASS_MARKERS[label], s=38, color="white" if white else "black", clip_on=False)


def _integrand(z, mean, sigma):
    log_q, log_p = norm.logpdf(z, mean, sigma), norm.logpdf(z)
    return np.exp(log_q) * (log_q - log_p)


def _signs(values):
    return np.maximum(values, 0), np.minimum(values, 0)


def _cross_entropy(x, p):
    return -x * np.log(p) - (1 - x) * np.log1p(-p)


def _signed(value, digits=1):
    """A number with a true minus sign, and no minus before zero."""
    text = f"{value:.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", "−")


# Checking input -------------------------------------------------------------------------


def _images(images, name):
    """Images as an array (N, height, width) in [0, 1]."""
    images = np.asarray(images)
    shape = images.shape
    if images.ndim == 4 and shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 2 and shape[1] == 784:
        images = images.reshape(-1, 28, 28)
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(f"{name} has shape {shape}; expected images (N, 784), (N, 28, 28) or (N, 28, 28, 1), N at least 1.")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 1):  # so written, NaN fails too
        raise ValueError(f"{name} ranges from {low:.4g} to {high:.4g}; expected values in [0, 1]. Divide pixels up to 255 by 255.")
    return images


def _points(z, name):
    z = np.asarray(z)
    if z.ndim != 2 or z.shape[1] != 2 or len(z) == 0:
        raise ValueError(f"{name} has shape {z.shape}; expected points of a two-dimensional latent space, (N, 2).")
    if not np.isfinite(z).all():
        raise ValueError(f"{name} holds NaN or infinite values.")
    return z


def _labels(labels, n, name):
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ValueError(f"{name} has shape {labels.shape}; expected ({n},), a class a point or image.")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= len(CLASS_NAMES):
        raise ValueError(f"{name} should hold integers from 0 to {len(CLASS_NAMES) - 1}.")
    return labels


def _class_names(labels, n, name):
    """Class names of the first n labels, or None without labels."""
    if labels is None:
        return None
    labels = np.asarray(labels)
    return [CLASS_NAMES[label] for label in _labels(labels[:n], n, name)]


def _at_least_one(n, name):
    if not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"{name} is {n!r}; expected a whole number, at least 1.")
    return int(n)
