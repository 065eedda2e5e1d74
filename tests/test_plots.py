"""Every figure, outside notebooks (a Figure comes back) and in them (accessible HTML is displayed)."""

import base64
import inspect
import io
import itertools
import re

import IPython.display
import matplotlib
import numpy as np
import proofs
import pytest
from ipywidgets import FloatSlider
from matplotlib import colors
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from scipy import integrate
from scipy.stats import norm

from vaelab import plots, reference
from vaelab.data import CLASS_NAMES
from vaelab.evidence import GridPosterior
from vaelab.sliders import Sliders
from vaelab.training import History

rng = np.random.default_rng(0)
X = rng.random((40, 28, 28), dtype="float32")
Y = np.arange(40) % 10
Z = rng.normal(size=(40, 2))
Z_AXIS = np.linspace(-3, 3, 61)


def history(epochs=50, test=True, end=262.0):
    """A history that falls from about 340 to ``end``."""
    e = np.arange(1, epochs + 1)
    loss, kl = end + 10 / e + 70 * np.exp(-(e - 1.0)), 6.5 - 3 * np.exp(-e / 4)
    made = History(
        epochs=e.tolist(),
        loss=loss.tolist(),
        kl=kl.tolist(),
        reconstruction=(loss - kl).tolist(),
        seconds=[1.0] * epochs,
    )
    if test:
        made.val_loss, made.val_kl = (loss + 0.5).tolist(), kl.tolist()
        made.val_reconstruction = (loss + 0.5 - kl).tolist()
    return made


def bowl(z_mean, z_log_var):
    """Any function with its minimum at (0, 0) will do."""
    return (z_mean**2 / 2 + z_log_var**2)[:, 0]


def gradient(z_mean, z_log_var):
    """The gradient of the bowl."""
    return z_mean, 2 * z_log_var


def smooth_images(z):
    """As a decoder makes them: no two pixels alike, neighbours close."""
    place = np.linspace(-1, 1, 784)
    return norm.cdf(z[:, :1] * np.cos(9 * place) + z[:, 1:] * np.sin(7 * place + 1))


def posterior(places):
    """A true posterior with a narrow spot at each of some places."""
    axis = np.linspace(-2, 2, 161)
    density = sum(np.outer(norm.pdf(axis, a, 0.08), norm.pdf(axis, b, 0.05)) for a, b in places) / len(places)
    return GridPosterior((axis, axis), density, -250.0, 0.001)


def case(*places):
    q = {"z_mean": np.zeros(2), "z_log_var": np.log([0.01, 0.02]), "elbo": -254.3}
    return {"name": "7: somewhere", "x": X[0], "posterior": posterior(places), **q}


FIGURES = {
    "joint": lambda: plots.joint(Z_AXIS, -50 * np.add.outer((Z_AXIS - 1) ** 2, Z_AXIS**2) - 200),
    "grid convergence": lambda: plots.grid_convergence([21, 41, 81], {"wide": [-2, -1, -1], "narrow": [-9, 1, -3]}),
    "true posterior": lambda: plots.true_posterior([case((0.1, 0))]),
    "true posterior in two far places": lambda: plots.true_posterior([case((0.1, 0)), case((1.5, 1), (-1, 1))], 1),
    "gap shares": lambda: plots.gap_shares(np.geomspace(0.1, 100, 200)),
    "climbing bound": lambda: plots.climbing_bound([1, 10, 1000], [-260, -258, -257.5], [0.1, 0.1, 0.2], -256.6, "all"),
    "estimates": lambda: plots.estimates(np.linspace(-262, -255, 300), -257.0, -260.0),
    "two gaps": lambda: plots.two_gaps(CLASS_NAMES, np.linspace(4, 0.5, 10), np.full(10, 0.1)),
    "gallery": lambda: plots.gallery(X, Y),
    "gallery without labels": lambda: plots.gallery(X.reshape(-1, 784), n=4),
    "samples": lambda: plots.samples(X[..., None][:12]),
    "one sample": lambda: plots.samples(X[:1]),
    "reconstructions": lambda: plots.reconstructions(X, X, Y),
    "compare": lambda: plots.compare(
        X, {"MLP": X, "conv": X}, nats={"MLP": np.full(40, 262.4), "conv": np.full(40, 260.4)}
    ),
    "manifold": lambda: plots.manifold(smooth_images),
    "small manifold": lambda: plots.manifold(smooth_images, n=4),
    "large manifold": lambda: plots.manifold(smooth_images, n=30),
    "learning curve": lambda: plots.learning_curve(history()),
    "learning curve of 3 epochs": lambda: plots.learning_curve(history(3)),
    "learning curve of 1 epoch": lambda: plots.learning_curve(history(1)),
    "learning curve without test": lambda: plots.learning_curve(history(test=False)),
    "learning curve without landmarks": lambda: plots.learning_curve(history(), landmarks=False),
    "learning curve of a collapse": lambda: plots.learning_curve(history(end=385.2)),
    "learning curve of a loss far too small": lambda: plots.learning_curve(history(end=0.49)),
    "learning curve of no epoch": lambda: plots.learning_curve(History()),
    "bars": lambda: plots.bar_comparison(
        {"MLP": {"reconstruction": 256.4, "kl": 6.6}, "conv": {"reconstruction": 253.2, "kl": 6.5}}
    ),
    "latent scatter": lambda: plots.latent_scatter(Z, Y, title="Test set"),
    "marginals": lambda: plots.marginals({"prior samples": Z, "aggregated posterior samples": Z, "posterior means": Z}),
    "kl integrand": lambda: plots.kl_integrand(1.0, -1.0),
    "kl integrand, extreme": lambda: plots.kl_integrand(-3.0, -3.0),
    "kl surface": lambda: plots.kl_surface(bowl),
    "parts of a VAE": lambda: plots.vae_parts(X[:1]),
    "kl surface of a constant": lambda: plots.kl_surface(lambda z_mean, z_log_var: np.zeros(len(z_mean))),
    "kl arrows": lambda: plots.kl_arrows(gradient),
    "monte carlo": lambda: plots.monte_carlo_convergence(rng.normal(0.7, 0.5, (6, 2000)), 0.7),
    "bernoulli floor": lambda: plots.bernoulli_floor(),
}


def texts(fig):
    return " | ".join(text.get_text() for text in fig.findobj(Text) if text.get_text() and text.get_visible())


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook would show: the list of MIME bundles."""
    bundles = []
    monkeypatch.setattr("vaelab.plots.display.in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.filterwarnings("error")
def test_outside_notebooks_the_figure_is_returned_and_nothing_printed_or_left_behind(name, capfd):
    before = dict(matplotlib.rcParams)
    assert isinstance(FIGURES[name](), Figure)
    assert dict(matplotlib.rcParams) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.proof(about=proofs.of("vaelab"))
@pytest.mark.parametrize("name", FIGURES)
def test_in_notebooks_a_small_png_with_alternative_text_is_displayed(name, displayed):
    assert FIGURES[name]() is None
    (bundle,) = displayed
    alt, source = re.fullmatch(
        r'<figure.*?><img.*? alt="([^"]+)" src="data:image/png;base64,([^"]+)"></figure>', bundle["text/html"]
    ).groups()
    assert len(bundle["text/plain"]) > 15 and alt
    png = base64.b64decode(source)
    assert len(png) < 200_000
    width, height = Image.open(io.BytesIO(png)).size
    assert width <= 1200 and height <= 1000


@pytest.mark.proof(about=proofs.of("vaelab"))
@pytest.mark.parametrize("name", FIGURES)
def test_every_word_lies_within_the_figure(name):
    fig = FIGURES[name]()
    fig.draw_without_rendering()
    width, height = fig.bbox.width, fig.bbox.height
    for ax in fig.axes:
        labels = [tick.label1 for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_major_ticks()]
        for text in ax.findobj(Text):
            if text in labels or not text.get_text().strip() or not text.get_visible() or not ax.axison:
                continue
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()


def test_alternative_text_is_escaped(displayed):
    plots.latent_scatter(Z, Y, title='"q" & <p>')
    (bundle,) = displayed
    assert "&quot;q&quot; &amp; &lt;p&gt;" in bundle["text/html"]


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


# Training


def test_the_learning_curve_names_all_landmarks_and_no_two_labels_overlap():
    fig = plots.learning_curve(history())
    fig.draw_without_rendering()
    labels = fig.axes[0].texts
    assert {f"{value:.1f}  {name}" for name, value in plots.LANDMARKS.items()} == {text.get_text() for text in labels}
    boxes = [text.get_window_extent() for text in labels]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_the_landmarks_are_those_of_the_data_and_of_the_courses_own_models():
    assert (plots.LANDMARKS["entropy floor"], plots.LANDMARKS["pixel-mean model"]) == (189.9, 385.0)
    for name, mark in (("mlp", "MLP VAE, 50 epochs"), ("conv", "conv VAE, 15 epochs")):
        assert plots.LANDMARKS[mark] == pytest.approx(reference.history(name).val_loss[-1], abs=0.05)


def test_training_is_solid_test_is_dashed_and_the_close_view_leaves_out_the_first_epochs():
    fig = plots.learning_curve(history())
    close = fig.axes[1]
    assert [line.get_linestyle() for line in close.lines[:2]] == ["-", "--"]
    low, high = close.get_ylim()
    assert low < 262 and 268 < high < 300
    assert "KL" in texts(fig) and "reconstruction" in texts(fig)


def test_without_landmarks_none_is_drawn():
    assert "385" not in texts(plots.learning_curve(history(), landmarks=False))


def test_a_history_with_nan_still_gives_a_figure():
    broken = history(4)
    broken.loss[2] = broken.reconstruction[2] = float("nan")
    assert isinstance(plots.learning_curve(broken), Figure)


def test_a_history_without_epochs_gives_a_figure_that_says_so():
    assert "no epoch" in texts(plots.learning_curve(History()))


def test_bars_are_as_long_as_their_parts_and_carry_the_numbers():
    fig = plots.bar_comparison(
        {"MLP": {"reconstruction": 256.4, "kl": 6.6}, "conv": {"reconstruction": 253.2, "kl": 6.5}}
    )
    assert [bar.get_width() for bar in fig.axes[0].patches] == pytest.approx([256.4, 6.6, 253.2, 6.5])
    assert all(number in texts(fig) for number in ("256.4", "kl 6.6, total 263.0", "253.2", "kl 6.5, total 259.7"))


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


# Explaining


def title_area(fig):
    return float(re.search(r"= (-?[\d.]+) nats", texts(fig)).group(1))


@pytest.mark.parametrize(("mean", "log_var"), [(0, 0), (1, -1), (-2.5, 1.5), (3, -4), (0, 3)])
def test_the_kl_integrands_title_holds_its_area(mean, log_var):
    sigma = np.exp(log_var / 2)

    def integrand(z):
        return norm.pdf(z, mean, sigma) * (norm.logpdf(z, mean, sigma) - norm.logpdf(z))

    area, _ = integrate.quad(integrand, mean - 10 * sigma, mean + 10 * sigma)
    assert title_area(plots.kl_integrand(mean, log_var)) == pytest.approx(area, abs=6e-4)


def test_the_kl_integrands_axes_do_not_move_with_the_sliders():
    limits = [
        [(ax.get_xlim(), ax.get_ylim()) for ax in plots.kl_integrand(*at).axes] for at in ((0, 0), (3, -3), (-3, 3))
    ]
    assert limits[0] == limits[1] == limits[2]


def test_sliders_can_be_made_from_the_kl_integrands_signature():
    assert list(inspect.signature(plots.kl_integrand).parameters) == ["mean", "log_var"]


def test_the_kl_surface_calls_the_function_once_and_marks_the_prior():
    calls = []

    def recorded(z_mean, z_log_var):
        calls.append(z_mean.shape)
        return bowl(z_mean, z_log_var)

    fig = plots.kl_surface(recorded)
    ((count, width),) = calls
    assert width == 1 and count > 1000
    (marker,) = [line for line in fig.axes[0].lines if line.get_marker() == "o"]
    assert marker.get_xydata().tolist() == [[0, 0]]


def test_kl_arrows_call_the_function_once_and_point_down_its_gradient():
    calls = []

    def recorded(z_mean, z_log_var):
        calls.append((z_mean, z_log_var))
        return gradient(z_mean, z_log_var)

    fig = plots.kl_arrows(recorded)
    ((z_mean, z_log_var),) = calls
    assert z_mean.shape == z_log_var.shape == (len(z_mean), 1) and z_mean.dtype == z_log_var.dtype == np.float32
    (quiver,) = [artist for artist in fig.axes[0].collections if hasattr(artist, "U")]
    expected = -np.concatenate(gradient(z_mean, z_log_var), axis=1)
    arrows = np.stack([quiver.U, quiver.V], axis=1)
    cross = arrows[:, 0] * expected[:, 1] - arrows[:, 1] * expected[:, 0]
    assert cross == pytest.approx(0, abs=1e-6) and ((arrows * expected).sum(axis=1) >= 0).all()
    assert "the prior" in texts(fig)


def test_monte_carlo_draws_running_means_of_single_samples():
    estimates = rng.normal(2, 1, (3, 500))
    fig = plots.monte_carlo_convergence(estimates, 2.0)
    ax = fig.axes[0]
    ends = [line.get_ydata()[-1] for line in ax.lines[:3]]
    assert ends == pytest.approx(estimates.mean(axis=1))
    assert ax.get_xscale() == "log" and "exact: 2.000" in texts(fig)


def test_the_bernoulli_floor_marks_each_minimum_with_its_entropy():
    fig = plots.bernoulli_floor((0, 0.2, 0.5))
    assert all(text in texts(fig) for text in ("0.00 at p = 0", "0.50 at p = 0.2", "0.69 at p = 0.5"))


# Bad input

BAD = {
    "flat images of another size": lambda: plots.gallery(np.zeros((3, 100))),
    "one image without a batch": lambda: plots.samples(X[0]),
    "colour images": lambda: plots.samples(np.zeros((3, 28, 28, 3))),
    "no images": lambda: plots.samples(X[:0]),
    "pixels to 255": lambda: plots.gallery(np.full((3, 28, 28), 255, np.uint8)),
    "NaN pixels": lambda: plots.samples(np.full((3, 28, 28), np.nan)),
    "n of 0": lambda: plots.gallery(X, n=0),
    "too few labels": lambda: plots.gallery(X, Y[:3]),
    "class 10": lambda: plots.gallery(X, Y + 1),
    "labels that are not integers": lambda: plots.latent_scatter(Z, Y / 2),
    "fewer reconstructions than images": lambda: plots.reconstructions(X, X[:3]),
    "rows that are not named": lambda: plots.compare(X, [X]),
    "nats for no row": lambda: plots.compare(X, {"MLP": X}, nats={"conv": np.zeros(40)}),
    "nats of another length": lambda: plots.compare(X, {"MLP": X}, nats={"MLP": np.zeros(3)}),
    "a decoder of other images": lambda: plots.manifold(lambda z: np.zeros((len(z), 100))),
    "a decoder of one image": lambda: plots.manifold(lambda z: np.zeros((1, 784))),
    "a decoder of logits": lambda: plots.manifold(lambda z: np.full((len(z), 784), -3.0)),
    "low of 0": lambda: plots.prior_quantile_grid(5, low=0),
    "one latent dimension": lambda: plots.latent_scatter(Z[:, :1], Y),
    "three latent dimensions": lambda: plots.marginals({"prior": np.zeros((5, 3))}),
    "NaN points": lambda: plots.latent_scatter(np.full_like(Z, np.nan), Y),
    "no clouds": lambda: plots.marginals({}),
    "bars with other parts": lambda: plots.bar_comparison({"MLP": {"reconstruction": 1.0}, "conv": {"kl": 1.0}}),
    "a negative bar": lambda: plots.bar_comparison({"MLP": {"reconstruction": -1.0}}),
    "an infinite mean": lambda: plots.kl_integrand(np.inf, 0),
    "a huge log variance": lambda: plots.kl_integrand(0, 100),
    "no KL at all": lambda: plots.kl_surface(lambda z_mean, z_log_var: None),
    "no gradient": lambda: plots.kl_arrows(lambda z_mean, z_log_var: (None, z_log_var)),
    "a KL for the whole batch": lambda: plots.kl_surface(lambda z_mean, z_log_var: 1.0),
    "an infinite KL": lambda: plots.kl_surface(lambda z_mean, z_log_var: np.full(len(z_mean), np.inf)),
    "one gradient": lambda: plots.kl_arrows(lambda z_mean, z_log_var: [z_mean]),
    "gradients of another shape": lambda: plots.kl_arrows(lambda z_mean, z_log_var: (z_mean[:, 0], z_log_var[:, 0])),
    "NaN gradients": lambda: plots.kl_arrows(lambda z_mean, z_log_var: (z_mean * np.nan, z_log_var)),
    "estimates of one dimension": lambda: plots.monte_carlo_convergence(np.zeros(10), 0.0),
    "NaN estimates": lambda: plots.monte_carlo_convergence(np.full((2, 10), np.nan), 0.0),
    "a grey value above 1": lambda: plots.bernoulli_floor((0.5, 2)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_clear_error(name):
    with pytest.raises(ValueError, match=r"expected|should|ranges|holds|returned"):
        BAD[name]()


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


def test_a_complaint_names_the_function_as_the_notebook_does():
    def kl_term(z_mean, z_log_var):
        z_mean + z_log_var  # the return is forgotten

    with pytest.raises(ValueError, match="^kl_term returned None: look at the last line of the function.$"):
        plots.kl_surface(kl_term)


def test_sliders_leave_the_first_figure_behind(monkeypatch):
    """For a saved notebook whose kernel is gone."""
    sliders = Sliders(plots.kl_integrand, mean=FloatSlider(value=1.0), log_var=FloatSlider(value=-1.0, min=-2, max=2))
    bundle = sliders._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<img" in bundle["text/html"] and "with mean 1.00" in bundle["text/plain"]
    monkeypatch.setenv("VAELAB_FIGURES", "described")
    assert "text/html" not in sliders._repr_mimebundle_()


def test_the_figure_of_a_posterior_says_how_much_the_gap_hides_and_where_both_are():
    _, alt = plots.true_posterior.__wrapped__([case((0.5, -1))])
    assert "Hidden in the gap: 4.3 nats" in alt
    assert "mean (0.50, −1.00) and standard deviations (0.08, 0.05)" in alt and "(0.00, 0.00) and (0.10, 0.14)" in alt


def test_the_figure_of_shares_says_how_few_images_hold_how_much():
    gap = np.r_[np.full(2, 49.0), np.full(198, 102 / 198)]
    _, alt = plots.gap_shares.__wrapped__(gap)
    assert "49% with 1 % of the images" in alt


def test_the_histogram_of_estimates_says_how_many_lie_above_the_truth():
    _, alt = plots.estimates.__wrapped__(np.array([-3.0, -2.0, -1.0, 0.0]), -1.5, -2.0)
    assert "50% lie above the exact value −1.50" in alt


def test_figures_of_the_evidence_refuse_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="log_joint has shape"):
        plots.joint(Z_AXIS, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="counts, means and errors"):
        plots.climbing_bound([1, 10], [-3], [0.1], -2)
