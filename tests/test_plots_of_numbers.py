"""Figures of losses, of the KL term, and of the evidence."""

import inspect
import re

import numpy as np
import pytest
from figures import Z_AXIS, bowl, case, gradient, history, rng, texts
from matplotlib.figure import Figure
from scipy import integrate
from scipy.stats import norm

from vaelab import plots, reference
from vaelab.training import History

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


# The evidence


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
