"""The twelve retyped losses weigh their terms as the table says."""

import numpy as np
import pytest

from vaelab import published


def arrays(batch=8, pixels=784, latent_dim=16):
    rng = np.random.default_rng(3)
    x, p, q = rng.uniform(0.05, 0.95, (3, batch, pixels)).astype("float32")
    m, v, n, w = rng.normal(size=(4, batch, latent_dim)).astype("float32")
    return x, (p, q), ((m, v), (n, w))


def bernoulli(x, p):
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(1).mean())


def gaussian(variance):
    return lambda x, p: float(((x - p) ** 2).sum(1).mean() / (2 * variance))


def kl(m, v):
    return float(0.5 * (m**2 + np.exp(v) - 1 - v).sum(1).mean())


EXPECTED = {
    "sum and sum": (bernoulli, 1),
    "KL mean": (bernoulli, 1 / 16),
    "all means": (bernoulli, 78.4 / 16),
    "by 784": (bernoulli, 1),
    "KL batch sum": (bernoulli, 784 * 8),
    "pixel mean": (bernoulli, 784),
    "batch sum": (bernoulli, 1),
    "no half": (bernoulli, 2),
    "small weight": (gaussian(1), 0.098),
    "no variance": (gaussian(0.5), 1),
    "exp as deviation": (bernoulli, 1),
    "little noise": (bernoulli, 1),
}


@pytest.mark.parametrize("name", published.LOSSES)
def test_a_retyped_loss_has_the_beta_that_the_table_says(name):
    x, (p, q), ((m, v), (n, w)) = arrays()
    loss = lambda *given: float(published.LOSSES[name].loss(*given))  # noqa: E731
    distortion, beta = EXPECTED[name]
    of_kl = (loss(x, p, m, v) - loss(x, p, n, w)) / (kl(m, v) - kl(n, w))
    of_reconstruction = (loss(x, p, m, v) - loss(x, q, m, v)) / (distortion(x, p) - distortion(x, q))
    assert of_kl / of_reconstruction == pytest.approx(beta, rel=0.02)


def test_a_small_weight_is_large_for_large_images():
    x, (p, q), ((m, v), (n, w)) = arrays(batch=2, pixels=12288)
    loss = lambda *given: float(published.LOSSES["small weight"].loss(*given))  # noqa: E731
    of_kl = (loss(x, p, m, v) - loss(x, p, n, w)) / (kl(m, v) - kl(n, w))
    change = gaussian(1)(x, p) - gaussian(1)(x, q)
    assert of_kl / ((loss(x, p, m, v) - loss(x, q, m, v)) / change) == pytest.approx(1.536, rel=0.05)


def test_there_are_twelve():
    assert len(published.LOSSES) == 12
