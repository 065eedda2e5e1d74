"""The checks of notebook 6: their formulas are right, luck plays no part, and marks follow the mistake."""

import kill_matrix
import numpy as np
import pytest
import tensorflow as tf
from answers import about_exercise
from scipy import stats
from scipy.special import logsumexp

from vaelab.checks import judge, points
from vaelab.checks.judge import importance, log_weight, weight_mistakes
from vaelab.checks.judge.catalogue import BY_ID

EXERCISES = ("log_weight", "log_likelihood")


def answer(kind, exercise, name):
    return next(a for a in kill_matrix.answers(kind, exercise) if a.name == name).load()


def earned(exercise, target, seed=5):
    found = [judge.judge(check.id, target, seed=seed) for check in points.of_exercise(exercise)]
    return {verdict["check"].partition(".")[2]: verdict["passed"] for verdict in found}


# The formulas


def test_densities_are_those_of_scipy():
    x, z, m, v, p = log_weight.draw(np.random.default_rng(0), 4, 6, 3, 9)
    q = stats.norm.logpdf(z, m, np.exp(v / 2)).sum(-1)
    assert importance.log_gaussian(z, m, v) == pytest.approx(q)
    cross_entropy = tf.keras.losses.BinaryCrossentropy(reduction="none")(np.broadcast_to(x, p.shape), p).numpy()
    assert importance.log_bernoulli(x, p) == pytest.approx(-9 * cross_entropy, rel=1e-5)


def test_weights_of_the_exact_posterior_are_all_the_evidence():
    """A model with two codes far apart in likelihood: by Bayes, p(x|z) p(z) / p(z|x) = p(x) for any z."""
    z = np.linspace(-3, 3, 7)[:, None, None]
    # One latent dimension, Gaussian likelihood N(x; z, 1) in place of coins: the posterior is N(x / 2, 1 / 2).
    x = 0.8
    joint = stats.norm.logpdf(x, z[..., 0], 1) + importance.log_gaussian(z, 0.0, 0 * z)
    weights = joint - importance.log_gaussian(z, np.full((1, 1), x / 2), np.full((1, 1), np.log(0.5)))
    assert weights == pytest.approx(np.full((7, 1), stats.norm.logpdf(x, 0, np.sqrt(2))))


def test_mean_log_weight_is_the_elbo_and_mean_weight_the_evidence():
    """Against quadrature, by Monte Carlo with 200,000 codes for one image of five pixels."""
    rng = np.random.default_rng(1)
    x, matrix = rng.uniform(0, 1, (1, 5)), rng.normal(size=(1, 5))
    m, v = np.array([[0.3]]), np.array([[-0.5]])
    z = m + np.exp(v / 2) * rng.normal(size=(200_000, 1, 1))

    def decoded(codes):
        return 1 / (1 + np.exp(-codes @ matrix))

    log_w = importance.log_weight(x, z, m, v, decoded(z))
    grid = np.linspace(-8, 8, 4001)[:, None, None]
    joint = importance.log_bernoulli(x, decoded(grid)) + importance.log_gaussian(grid, 0.0, 0 * grid)
    exact = logsumexp(joint) + np.log(grid[1, 0, 0] - grid[0, 0, 0])
    q = np.exp(importance.log_gaussian(grid, m, v))
    elbo = np.sum(q * (joint - np.log(q))) * (grid[1, 0, 0] - grid[0, 0, 0])
    assert log_w.mean() == pytest.approx(elbo, abs=0.01)
    assert importance.log_likelihood(log_w)[0] == pytest.approx(exact, abs=0.01)
    assert log_w.mean() < exact


def test_log_likelihood_is_that_of_scipy_for_numbers_of_every_size():
    for scale in (1e-3, 1, 1e4, 1e30):
        w = np.random.default_rng(2).normal(size=(7, 5)) * scale
        assert importance.log_likelihood(w) == pytest.approx(logsumexp(w, axis=0) - np.log(7))


# Marks


@pytest.mark.proof(about=about_exercise)
@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_false_alarm_in_200_repetitions(exercise):
    target = answer("variants", exercise, "tf")
    for check in points.of_exercise(exercise):
        alarms = [v for v in (judge.judge(check.id, target) for _ in range(200)) if not v["passed"]]
        assert not alarms, alarms[0]


@pytest.mark.parametrize("name", ["no_prior__ops", "std_for_variance__tf", "pixels_averaged__ops", "negative__tf"])
def test_a_wrong_weight_keeps_the_point_for_its_shape_only(name):
    found = earned("log_weight", answer("mutants", "log_weight", name))
    assert found == {"shape": True, "values": False, "properties": False, "extremes": False}


def test_an_unstable_estimate_loses_the_points_for_stability_only():
    for name in ("unstable__ops", "unstable__one_shift_for_all", "clipped__weights"):
        found = earned("log_likelihood", answer("mutants", "log_likelihood", name))
        assert found == {"shape": True, "values": True, "stable": False}, name


def test_sizes_differ_from_draw_to_draw_and_one_batch_is_as_large_as_in_training():
    class Seen(list):
        def __call__(self, x, z, *rest):
            self.append((*z.shape, x.shape[1]))
            return tf.zeros(z.shape[:2])

    draws = []
    for seed in range(12):
        seen = Seen()
        judge.judge("log_weight.shape", seen, seed=seed)
        draws.append(tuple(seen[:3]))
        assert all(64 <= batch <= 130 for _, batch, _, _ in seen[:3])
    assert len(set(draws)) == 12
    assert {dim for draw in draws for _, _, dim, _ in draw} == {2, 3, 4, 5}


def test_messages_of_different_mistakes_differ():
    mine = [m for id_, m in BY_ID.items() if id_.startswith(("iw.", "ll."))]
    assert len(mine) > 40
    assert all(m.taught.assignment == "06_how_tight" for m in mine)


@pytest.mark.parametrize("in_prior, in_q", [(1, 1), (0, 0), (1, 0), (0, 1)])
def test_a_constant_is_blamed_where_it_stands_in_one_density_alone(in_prior, in_q):
    """Beside another mistake in q, a standard deviation for the variance."""
    found = []
    for dims in (2, 3, 5):
        x, z, m, v, p = case = log_weight.draw(np.random.default_rng(dims), 3, 11, dims, 20)
        log_p_z = -0.5 * (z**2 + in_prior * np.log(2 * np.pi)).sum(-1)
        log_q = -0.5 * ((z - m) ** 2 * np.exp(-v / 2) + v + in_q * np.log(2 * np.pi)).sum(-1)
        found.append((case, importance.log_bernoulli(x, p) + log_p_z - log_q))
    blamed = weight_mistakes.recognised(found)
    assert blamed == ["iw.std_for_variance"] + ["iw.constant"] * (in_prior != in_q)
