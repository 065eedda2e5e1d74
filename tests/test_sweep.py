"""The recorded models of notebook 7: what was recorded is what the shipped weights give."""

import numpy as np
import pytest

from vaelab import metrics, sweep
from vaelab.sweep import figures


def test_what_ships_is_below_eight_megabytes():
    assert sum(path.stat().st_size for path in sweep.FOLDER.iterdir()) < 8e6


@pytest.mark.parametrize("recorded", sweep.everything(), ids=repr)
def test_recorded_numbers_are_those_of_the_shipped_codes_and_decoder(recorded):
    z_mean, z_log_var = recorded.codes
    first = len(z_log_var)
    rng = np.random.default_rng(0)
    x, m = sweep.test_images()[:first], z_mean[:first]
    draws = [m + np.exp(0.5 * z_log_var) * rng.normal(size=m.shape).astype("float32") for _ in range(3)]
    reconstruction = np.mean([metrics.bernoulli_nll(x, recorded.decode(z)).mean() for z in draws])
    kl = (0.5 * (np.exp(z_log_var) + m**2 - 1 - z_log_var)).mean(0)
    # The first 500 of 2,000 images, in float16: their mean differs from that of all by chance.
    assert reconstruction == pytest.approx(recorded.reconstruction, abs=8)
    assert kl.sum() == pytest.approx(recorded.kl, rel=0.05, abs=0.05)
    assert np.allclose(kl, recorded.kl_each, atol=0.35, rtol=0.1)
    assert recorded.negative_elbo == pytest.approx(recorded.reconstruction + recorded.kl, abs=0.011)


def test_bounds_tighten_with_more_samples_towards_the_exact_evidence():
    for recorded in sweep.everything():
        assert recorded.iw[500] <= recorded.iw[50] + 0.05
        if recorded.latent_dim <= 2:
            assert recorded.evidence <= recorded.iw[500]
        else:
            assert recorded.evidence is None


def test_beta_50_has_collapsed_and_no_other_model():
    for recorded in sweep.everything():
        collapsed = max(recorded.kl_each) < 0.1
        assert collapsed == (recorded.beta == 50), recorded


def test_the_encoder_that_ships_gives_the_codes_that_ship():
    m = sweep.model(16)
    z_mean, z_log_var = metrics.encode(m.encoder, sweep.test_images()[:200])
    assert np.allclose(z_mean, m.codes[0][:200], atol=5e-3) and np.allclose(z_log_var, m.codes[1][:200], atol=5e-3)


def test_a_model_that_was_not_recorded_is_refused_with_those_that_were():
    with pytest.raises(ValueError, match="16:0.5"):
        sweep.model(16, 3)
    with pytest.raises(ValueError, match="encoder"):
        _ = sweep.model(8).encoder


@pytest.mark.parametrize(
    "draw",
    [
        figures.rate_distortion,
        lambda: figures.across_dimensions(1),
        lambda: figures.across_beta(50.0),
        lambda: figures.bounds([sweep.model(16, beta) for beta in sweep.BETAS]),
        lambda: figures.holes(np.eye(4), {"a": np.zeros((2, 4)), "b": np.ones((2, 4))}),
    ],
    ids=["plane", "dimensions", "beta", "bounds", "holes"],
)
def test_figures_are_drawn(draw):
    assert len(draw().get_axes()) >= 1


def test_precision_is_one_among_themselves_and_zero_far_away():
    images = np.random.default_rng(0).uniform(size=(200, 60))
    assert metrics.manifold_precision(images, images) == 1
    assert metrics.manifold_precision(images + 5, images) == 0


def test_auroc_counts_pairs_and_half_of_ties():
    assert metrics.auroc([0, 1, 2], [3, 4]) == 1
    assert metrics.auroc([1, 3], [2]) == 0.5
    assert np.isnan(metrics.auroc([1, np.nan], [2]))
    rng = np.random.default_rng(0)
    normal, odd = rng.integers(0, 9, 50), rng.integers(0, 9, 30)
    wins = np.subtract.outer(odd, normal)
    assert metrics.auroc(normal, odd) == pytest.approx(((wins > 0) + 0.5 * (wins == 0)).mean())
    assert metrics.auroc([1, 1], [1]) == 0.5
