"""Numbers of notebook 6: the recorded ones are what the library computes, and its prose says them."""

import json
import re
from pathlib import Path

import evidence_table
import numpy as np
import proofs
import pytest

from vaelab import metrics, reference
from vaelab.evidence import Plane
from vaelab.evidence.gaussian import best_gaussian, elbo

PROJECT = Path(__file__).resolve().parent.parent
MEASURED = json.loads((PROJECT / "docs" / "evidence.json").read_text(encoding="utf-8"))
ABOUT = proofs.of("vaelab", "tools", "docs/evidence.json")
PROSE = " ".join(
    line.removeprefix("#").strip()
    for line in (PROJECT / "solutions/06_how_tight/06_how_tight.py").read_text(encoding="utf-8").splitlines()
)


@pytest.fixture(scope="module")
def models():
    return evidence_table.models()


def test_the_table_is_what_its_numbers_say():
    assert (PROJECT / "docs" / "evidence.md").read_text(encoding="utf-8") == evidence_table.document(MEASURED)


@pytest.mark.proof(about=ABOUT)
@pytest.mark.parametrize("name, chosen", [("mlp", range(305, 350)), ("conv", range(1))])
def test_evidence_is_within_its_error_of_much_finer_grids(models, name, chosen):
    """Images 310, 312 and 347 among them, where single estimates of the error are small by chance."""
    _, x, known = models
    plane = Plane(known[name][0])
    fine, found = (plane.log_evidence(x[chosen], tolerance=tolerance) for tolerance in (1e-3, 0.01))
    off = abs(found.log_p - fine.log_p)
    assert np.all(off <= found.error + 1e-3) and np.all(off < 0.01)


@pytest.mark.proof(about=ABOUT)
@pytest.mark.parametrize("name, count", [("mlp", 300), ("conv", 2)])
def test_recorded_evidence_of_some_images_is_computed_again(models, name, count):
    _, x, known = models
    found = Plane(known[name][0]).log_evidence(x[:count])
    assert found.log_p == pytest.approx(reference.load_evidence()[f"{name}_log_p"][:count], abs=0.01)


@pytest.mark.proof(about=ABOUT)
def test_recorded_bounds_of_some_images_are_computed_again(models):
    _, x, known = models
    decoder, z_mean, z_log_var = known["mlp"]
    again = evidence_table.log_weights(decoder, x[:300], z_mean[:300], z_log_var[:300], 60, seed=9).mean(axis=0)
    off = again - reference.load_evidence()["mlp_elbo"][:300]
    assert abs(off.mean()) < 0.1 and abs(off).max() < 3
    assert -again.mean() == pytest.approx(-reference.load_evidence()["mlp_elbo"][:300].mean(), abs=0.1)


@pytest.mark.parametrize("name", ["mlp", "conv"])
def test_the_table_is_made_of_the_recorded_images(name):
    recorded, of_all = reference.load_evidence(), MEASURED[name]["all"]
    log_p, bound = recorded[f"{name}_log_p"].astype(float), recorded[f"{name}_elbo"].astype(float)
    gap = np.sort(log_p - bound)[::-1]
    expected = (-bound.mean(), -log_p.mean(), gap.mean(), np.median(gap), gap[0])
    assert [of_all[k] for k in ("elbo", "exact", "gap", "median", "worst")] == pytest.approx(expected, abs=1e-3)
    assert of_all["share_of_one_per_cent"] == pytest.approx(gap[:20].sum() / gap.sum(), abs=1e-3)
    assert np.all(gap > -1)  # a gap below zero is an estimate's noise


def test_bounds_rise_with_the_number_of_codes_and_stay_below_the_evidence():
    for model in MEASURED.values():
        rising = [-model["first"][key] for key in ("elbo", "iw10", "iw50", "iw200", "exact")]
        assert rising == sorted(rising)


def test_prose_says_what_was_measured():
    mlp, conv = MEASURED["mlp"], MEASURED["conv"]
    better = mlp["all"]["elbo"] - conv["all"]["elbo"], mlp["all"]["exact"] - conv["all"]["exact"]
    for said in (
        f"−{mlp['all']['exact']:.2f} nats per image on the 2,000 test images",
        f"same images is {mlp['all']['elbo']:.2f}. On average {mlp['all']['gap']:.2f} nats are hidden",
        f"The median image loses {mlp['all']['median']:.1f} nats.",
        f"bags have the largest gap, {mlp['by_class']['Bag']:.1f} nats",
        f"ankle boots the smallest, {mlp['by_class']['Ankle boot']:.1f}.",
        f"{mlp['first']['amortisation']:.2f} nats of amortisation gap and {mlp['first']['approximation']:.2f} of",
        f"Gaussian alone gets {mlp['first']['nearby']:.2f} of the {mlp['first']['amortisation']:.2f} back",
        f"is {better[0]:.1f} nats better, in truth {better[1]:.1f}.",
        f"KL(q‖p(z|x)): {mlp['all']['gap']:.2f} nats on average, {mlp['all']['median']:.1f} for the median image",
    ):
        assert said in PROSE, said
    classes = mlp["by_class"]
    assert max(classes, key=classes.get) == "Bag" and min(classes, key=classes.get) == "Ankle boot"
    assert 0.30 < mlp["all"]["share_of_one_per_cent"] < 0.36 and 0.57 < mlp["all"]["share_of_five_per_cent"] < 0.65
    assert mlp["all"]["worst_image"] == 498 and mlp["all"]["worst"] > 100
    assert not re.search(r"NEARBY|CONVTRUE", PROSE)


@pytest.mark.proof(about=ABOUT)
def test_images_that_the_notebook_shows_are_what_it_calls_them(models):
    _, x, known = models
    decoder, z_mean, z_log_var = known["mlp"]
    plane, recorded = Plane(decoder), reference.load_evidence()
    found = {}
    for i in (108, 110, 57, 83, 498):
        posterior = plane.posterior(x[i])
        mean, log_var, peak = evidence_table.moments(posterior)
        found[i] = (peak - z_mean[i]) / np.exp(0.5 * z_log_var[i]), np.exp(0.5 * (z_log_var[i] - log_var))
        assert posterior.log_p == pytest.approx(recorded["mlp_log_p"][i], abs=0.01)
    assert np.all(abs(found[108][0]) < 1) and np.all(abs(found[108][1] - 1) < 0.15)  # about right
    assert np.all(found[110][1] < 0.6)  # too sure
    assert found[57][1].max() > 2  # too wide, and in the wrong place, as are the next two
    assert min(np.linalg.norm(found[i][0]) for i in (57, 83, 498)) > 10
    assert np.linalg.norm(found[498][0]) > 20
    decoded = metrics.decode(decoder, np.stack([z_mean[498], evidence_table.moments(plane.posterior(x[498]))[2]]))
    nats = metrics.bernoulli_nll(np.stack([x[498]] * 2), decoded)
    assert nats[0] - nats[1] > 100


@pytest.mark.proof(about=ABOUT)
def test_the_best_gaussian_is_no_worse_than_its_start_and_no_better_than_the_evidence(models):
    _, x, known = models
    decoder, z_mean, z_log_var = known["mlp"]
    few = slice(0, 12)
    start = elbo(decoder, x[few], z_mean[few], z_log_var[few]).numpy()
    mean, log_var, best = best_gaussian(decoder, x[few], z_mean[few], z_log_var[few], steps=40)
    assert np.all(best >= start - 1e-3) and (best - start).mean() > 0.05
    assert np.all(best <= Plane(decoder).log_evidence(x[few]).log_p + 0.1)  # the quadrature has five nodes
    assert elbo(decoder, x[few], mean, log_var).numpy() == pytest.approx(best, abs=1e-2)


@pytest.mark.proof(about=ABOUT)
def test_the_elbo_by_quadrature_is_the_one_by_sampling(models):
    _, x, known = models
    decoder, z_mean, z_log_var = known["mlp"]
    few = slice(20, 40)
    sampled = evidence_table.log_weights(decoder, x[few], z_mean[few], z_log_var[few], 1500).mean(axis=0)
    assert elbo(decoder, x[few], z_mean[few], z_log_var[few]).numpy().mean() == pytest.approx(sampled.mean(), abs=0.1)
