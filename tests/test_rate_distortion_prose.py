"""The numbers in the text of notebook 7 are those that the recorded models and the solutions give."""

from pathlib import Path

import numpy as np
import proofs
import pytest
import release
from scipy.cluster.vq import kmeans2

from vaelab import metrics, reference, sweep

ASSIGNMENT = "07_rate_distortion"
SOURCE = release.read_source(Path(__file__).resolve().parent.parent / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.py")
TEXT = " ".join(" ".join(cell.source for cell in SOURCE.cells if cell.cell_type == "markdown").split())


def solution(name):
    (cell,) = [cell for cell in SOURCE.cells if cell.id == name]
    names = {"np": np, "kmeans2": kmeans2, "metrics": metrics}
    exec(cell.source, names)
    return names[name]


def elbo(latent_dim, beta=1.0):
    return sweep.model(latent_dim, beta).negative_elbo


def bound(beta):
    return sweep.model(16, beta).iw[500]


def quiet():
    m = sweep.model(32)
    i = int(np.argmin(m.kl_each))
    return m.codes[0][:, i].var(), m.kl_each[i]


CLAIMS = {
    "each doubling saves nats, first thirty and then five": lambda: (
        round(elbo(1) - elbo(2), -1) == 30 and round(elbo(4) - elbo(8)) == 5
    ),
    "From 8 to 32 the negative ELBO changes by less than one": lambda: np.ptp([elbo(d) for d in (8, 16, 32)]) < 1,
    "the KL stays near 15 nats whether there are 16 dimensions or 32": lambda: all(
        abs(sweep.model(d).kl - 15) < 0.6 for d in (16, 32)
    ),
    "Up to eight dimensions every bar stands high": lambda: all(
        min(sweep.model(d).kl_each) > 0.9 for d in (1, 2, 4, 8)
    ),
    "With 16 the last three lie below the dotted line, and with 32 more than half": lambda: (
        sum(kl < 0.1 for kl in sweep.model(16).kl_each) == 3 and sum(kl < 0.1 for kl in sweep.model(32).kl_each) > 16
    ),
    "of 32 dimensions the definition calls all active, and 14 pay more than a tenth of a nat": lambda: (
        solution("active_units")(sweep.model(32).codes[0]) == 32
        and sum(kl > 0.1 for kl in sweep.model(32).kl_each) == 14
    ),
    "A variance of 0.02 beside a noise of variance 1 carries about a hundredth of a nat": lambda: (
        round(float(quiet()[0]), 2) == 0.02 and round(quiet()[1], 2) == 0.01
    ),
    "0.2 nats are left, not a tenth of a nat in any dimension": lambda: (
        round(sweep.model(16, 50).kl, 1) == 0.2 and max(sweep.model(16, 50).kl_each) < 0.1
    ),
    "costs 385 nats. Ours has stopped at 370": lambda: round(sweep.model(16, 50).reconstruction) == 370,
    "at β = 10 they are 16 nats apart, at β = 1 only four": lambda: (
        round(elbo(16, 10) - bound(10)) == 16 and round(elbo(16) - bound(1)) == 4
    ),
    "reads a negative ELBO of 271.8": lambda: round(elbo(16, 10), 1) == 271.8,
    "more than 23 nats worse": lambda: 23 < elbo(16, 10) - elbo(16) < 24,
    "bounds are 255.7 and 244.0": lambda: (round(bound(10), 1), round(bound(1), 1)) == (255.7, 244.0),
    "twelve nats apart, about half of the difference": lambda: (
        round(bound(10) - bound(1)) == 12 and abs((bound(10) - bound(1)) / (elbo(16, 10) - elbo(16)) - 0.5) < 0.05
    ),
    "the bound is within half a nat of them except for β = 0.1": lambda: all(
        (m.iw[500] - m.evidence <= 0.5) != (m.beta == 0.1) for m in sweep.everything() if m.evidence
    ),
    "β = 20 is 25 nats worse than the one with β = 1; in truth it is 9": lambda: (
        round(elbo(2, 20) - elbo(2)) == 25 and round(sweep.model(2, 20).evidence - sweep.model(2).evidence) == 9
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_text_says_what_was_recorded(claim):
    assert claim in TEXT
    assert CLAIMS[claim]()


def test_classes_separate_as_the_text_says():
    knn = {beta: sweep.model(16, beta).knn for beta in sweep.BETAS}
    assert np.ptp([knn[0.1], knn[0.5], knn[1]]) < 0.015 < knn[1] - knn[2]
    assert "separate about equally well from β = 0.1 to 1, and worse beyond" in TEXT


@pytest.mark.proof(about=proofs.of("vaelab", f"solutions/{ASSIGNMENT}"))
def test_samples_lie_among_reconstructions_as_often_as_the_text_says(sample_of_clothes):
    m = sweep.model(16)
    z_mean, z_log_var = metrics.encode(m.encoder, sample_of_clothes)
    rng = np.random.default_rng(0)
    codes = (z_mean + np.exp(0.5 * z_log_var) * rng.normal(size=z_mean.shape)).astype("float32")
    real = m.decode(m.codes[0])
    drawn = {
        "prior": rng.normal(size=(2000, 16)),
        "gaussian": rng.multivariate_normal(codes.mean(0), np.cov(codes.T), 2000),
        "fitted": solution("fit_prior")(codes)(2000, 3),
    }
    precision = {name: metrics.manifold_precision(m.decode(z), real) for name, z in drawn.items()}
    assert precision == pytest.approx({"prior": 0.3, "gaussian": 0.4, "fitted": 0.79}, abs=0.05)
    assert "Three of ten lie among reconstructions" in TEXT and "nearly eight of ten samples" in TEXT


@pytest.fixture(scope="module")
def sample_of_clothes():
    from vaelab import data, profiles

    images = data.load(profiles.PROFILES["quick"]).x_train
    return images.reshape(len(images), -1)


def test_scores_sort_strange_images_as_the_text_says():
    encoder, decoder = reference.load_mlp()
    x, half = np.split(sweep.test_images(), 2)
    strange = {
        "black": np.zeros_like(half),
        "dark": 0.25 * half,
        "upside down": half.reshape(-1, 28, 28)[:, ::-1].reshape(half.shape),
        "shuffled": np.random.default_rng(5).permuted(half, axis=1),
    }

    def above_floor(images):
        z_mean, z_log_var = metrics.encode(encoder, images)
        nats = metrics.bernoulli_nll(images, metrics.decode(decoder, z_mean))
        kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1)
        return nats + kl, nats + kl - metrics.bernoulli_nll(images, images)

    score = solution("anomaly_score")
    plain, floor, relative = {}, {}, {}
    ordinary, ordinary_floor = above_floor(x)
    for name, odd in strange.items():
        with_ink, without = above_floor(odd)
        plain[name], floor[name] = metrics.auroc(ordinary, with_ink), metrics.auroc(ordinary_floor, without)
        relative[name] = metrics.auroc(score(x, encoder, decoder), score(odd, encoder, decoder))
    assert floor == pytest.approx({"black": 0.57, "dark": 0.03, "upside down": 0.85, "shuffled": 0.996}, abs=0.006)
    assert plain == pytest.approx({"black": 0, "dark": 0.2, "upside down": 0.71, "shuffled": 0.96}, abs=0.006)
    assert relative["dark"] == pytest.approx(0.84, abs=0.006)
    assert relative["upside down"] == pytest.approx(0.81, abs=0.006)
    assert "(AUROC 0.996 and 0.85 against 0.96 and 0.71)" in TEXT and "dark images in 84 of 100 pairs" in TEXT
