"""Figures of images, of what a decoder makes of latent space, and of classes in it."""

import itertools

import numpy as np
import pytest
from figures import X, Y, Z, texts
from matplotlib import colors
from scipy.stats import norm

from vaelab import plots
from vaelab.data import CLASS_NAMES

# Images


def test_the_gallery_shows_n_images_with_their_class_names():
    fig = plots.gallery(X, Y, n=10)
    assert all(name in texts(fig) for name in CLASS_NAMES)
    assert len([ax for ax in fig.axes if ax.images]) == 10


def test_reconstructions_stand_under_their_originals():
    fig = plots.reconstructions(X, 1 - X, n=5)
    arrays = np.stack([ax.images[0].get_array() for ax in fig.axes])
    np.testing.assert_array_equal(arrays, np.concatenate([X[:5], 1 - X[:5]]))


def test_compare_labels_its_rows_and_writes_the_nats_of_each_image():
    fig = plots.compare(X, {"MLP": X, "conv": X}, nats={"conv": 200 + np.arange(40)}, n=3)
    assert len(fig.axes) == 9
    assert [fig.axes[i].get_ylabel() for i in (0, 3, 6)] == ["original", "MLP", "conv"]
    assert [ax.get_xlabel() for ax in fig.axes] == [""] * 6 + ["200.0", "201.0", "202.0"]


def test_all_shapes_of_images_give_the_same_figure():
    figures = [plots.samples(images) for images in (X[:4], X[:4, :, :, None], X[:4].reshape(4, 784))]
    first, *others = (np.stack([ax.images[0].get_array() for ax in fig.axes]) for fig in figures)
    assert all(np.array_equal(first, other) for other in others)


# The manifold


def test_the_quantile_grid_has_equal_probability_between_its_lines_and_reads_like_a_page():
    z = plots.prior_quantile_grid(5, low=0.1)
    assert z.shape == (25, 2) and z.dtype == np.float32
    assert norm.cdf(z[:5, 0]) == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])  # z1 to the right
    assert norm.cdf(z[::5, 1]) == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.1])  # z2 downwards


def test_the_manifold_calls_the_decoder_once_and_puts_each_image_at_its_point():
    calls = []

    def decode(z):  # brightness tells z1 in the left half and z2 in the right one
        calls.append(z)
        images = np.empty((len(z), 28, 28, 1))
        images[:, :, :14] = norm.cdf(z[:, 0]).reshape(-1, 1, 1, 1)
        images[:, :, 14:] = norm.cdf(z[:, 1]).reshape(-1, 1, 1, 1)
        return images

    fig = plots.manifold(decode, n=7)
    assert len(calls) == 1 and calls[0].shape == (49, 2)
    (ax,) = fig.axes
    tiles = np.asarray(ax.images[0].get_array()).reshape(7, 28, 7, 28)
    quantiles = np.linspace(0.05, 0.95, 7)
    assert ax.images[0].origin == "upper" and ax.get_ylim()[0] < ax.get_ylim()[1]
    assert tiles[0, 0, :, 0] == pytest.approx(quantiles)
    assert tiles[:, 0, 0, -1] == pytest.approx(quantiles[::-1])  # the first row is the top one
    fig.draw_without_rendering()
    for axis in (ax.xaxis, ax.yaxis):
        labels = [float(label.get_text().replace("−", "-")) for label in axis.get_ticklabels()]
        assert labels == sorted(labels) and labels[len(labels) // 2] == 0


# Latent space


def test_the_latent_scatter_shows_every_point_in_the_colour_and_marker_of_its_class():
    fig = plots.latent_scatter(Z, Y)
    ax, bar = fig.axes
    shown = np.concatenate([points.get_offsets() for points in ax.collections])
    np.testing.assert_allclose(shown[np.lexsort(shown.T)], Z[np.lexsort(Z.T)])
    assert len(set(plots.CLASS_COLOURS)) == len(set(plots.CLASS_MARKERS)) == 10
    assert [label.get_text() for label in bar.get_yticklabels()] == list(CLASS_NAMES)
    assert ax.get_aspect() == 1
    assert [text.get_text() for text in ax.texts] == ["1σ", "2σ", "3σ"]


def test_marginals_write_each_clouds_mean_and_standard_deviation():
    cloud = np.array([[1.0, -2.0], [3.0, 0.0]])
    fig = plots.marginals({"prior samples": cloud, "posterior means": 2 * cloud})
    assert [ax.get_title("left") for ax in fig.axes] == ["prior samples", "posterior means"]
    assert "mean (2.00, −1.00)\nstandard deviation (1.00, 1.00)" in texts(fig)
    assert "mean (4.00, −2.00)\nstandard deviation (2.00, 2.00)" in texts(fig)


# Machado, Oliveira and Fernandes (2009): what linear RGB becomes without one kind of cone.
_SEEN_WITH = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
_MEET = [(0, 2, 3, 4, 6, 8), (5, 7, 9)]  # classes that share a region of latent space


@pytest.mark.parametrize("eyes", _SEEN_WITH)
def test_classes_that_meet_in_latent_space_keep_apart_for_the_colour_blind(eyes):
    rgb = np.array([colors.to_rgb(colour) for colour in plots.CLASS_COLOURS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (linear @ np.transpose(_SEEN_WITH[eyes])).clip(0, 1)
    xyz = (
        seen
        @ np.transpose([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        / [0.9505, 1, 1.089]
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
    apart = {(a, b): np.linalg.norm(lab[a] - lab[b]) for group in _MEET for a, b in itertools.combinations(group, 2)}
    assert min(apart.values()) > 20, sorted(apart.items(), key=lambda pair: pair[1])[:3]
    assert len(set(plots.CLASS_MARKERS)) == 10  # colour is never alone
