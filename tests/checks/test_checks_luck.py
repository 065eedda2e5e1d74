"""Where a check draws samples, chance decides nothing: right answers always pass, a score of chance never does."""

import os

import kill_matrix
import numpy as np
import pytest
from answers import VARIANTS, about_exercise, label

from vaelab.checks import PROTOCOL, RemoteTarget, judge, points
from vaelab.checks.student import probe

#: Of each check, with seeds of their own: as many as CI has time for. With 200, these tests take four CPU minutes.
RUNS = int(os.environ.get("LUCK_RUNS", "40"))


def answer(name):
    return next(a for a in VARIANTS if label(a) == name).load()


class InNumPy(RemoteTarget):
    """Scores images with a function of the image, its reconstruction and its code, without Keras: hundreds of runs a minute."""

    def __init__(self, score):
        super().__init__("anomaly_score")
        self.score = score

    def probe(self, request):
        given, results, scores = request["arrays"], [], {}
        for i, case in enumerate(request["json"]["cases"]):
            scores[f"score{i}"] = score = self.scored(given[case["args"][0]], given)
            told = {
                "kind": "array",
                "type": "ndarray",
                "shape": list(score.shape),
                "dtype": "float64",
                "array": f"score{i}",
            }
            results.append({"output": told})
        return {"json": {"protocol": PROTOCOL, "status": "ok", "results": results}, "arrays": scores}

    def scored(self, x, given):
        hidden = np.maximum(x @ given["encoder.0"] + given["encoder.1"], 0)
        z_mean = hidden @ given["encoder.2"] + given["encoder.3"]
        hidden = np.maximum(z_mean @ given["decoder.0"] + given["decoder.1"], 0)
        x_decoded = 1 / (1 + np.exp(-(hidden @ given["decoder.2"] + given["decoder.3"])))
        return np.asarray(self.score(x, x_decoded, z_mean), "float64")


def alarms(exercise, target):
    """Verdicts of RUNS rounds of all checks that do not pass."""
    return [
        verdict
        for listed in points.of_exercise(exercise)
        for verdict in (judge.judge(listed.id, target, seed=seed) for seed in range(RUNS))
        if not verdict["passed"]
    ]


@pytest.mark.proof(about=lambda name: about_exercise("fit_prior"))
@pytest.mark.parametrize("name", ["kmeans", "narrow_kernels", "noisy_codes"])
def test_no_false_alarm_in_repetitions_of_the_checks_of_fit_prior(name):
    assert alarms("fit_prior", answer(f"fit_prior/{name}")) == []


SCORES = {
    "relative error": lambda x, p, z: ((x - p) ** 2).sum(1) / (x**2).sum(1).clip(1e-6),
    "cosine": lambda x, p, z: 1 - (x * p).sum(1) / np.sqrt((x * x).sum(1) * (p * p).sum(1) + 1e-9),
    "absolute error": lambda x, p, z: abs(x - p).sum(1) / (x.sum(1) + 1e-6),
}


@pytest.mark.proof(about=lambda name: about_exercise("anomaly_score"))
@pytest.mark.parametrize("name", SCORES)
def test_no_false_alarm_in_repetitions_of_the_checks_of_anomaly_score(name):
    assert alarms("anomaly_score", InNumPy(SCORES[name])) == []


@pytest.mark.proof(about=lambda: about_exercise("anomaly_score"))
def test_the_score_in_numpy_is_the_score_in_keras():
    seen = []

    class Both(InNumPy):
        def probe(self, request):
            ours = super().probe(request)
            theirs = probe.run(request, answer("anomaly_score/relative_error"))
            seen.append((ours["arrays"]["score0"], theirs["arrays"]["output0"]))
            return ours

    assert judge.judge("anomaly_score.ink", Both(SCORES["relative error"]), seed=1)["passed"]
    assert np.allclose(*seen[0], rtol=1e-3)


@pytest.mark.proof(about=lambda: about_exercise("anomaly_score"))
def test_a_score_of_chance_never_passes():
    rng = np.random.default_rng(0)
    target = InNumPy(lambda x, p, z: rng.normal(size=len(x)))
    assert len(alarms("anomaly_score", target)) == RUNS * len(points.of_exercise("anomaly_score"))


@pytest.mark.proof(about=lambda: about_exercise("fit_prior"))
@pytest.mark.parametrize(
    "name",
    [
        "standard_normal__prior",
        "one_gaussian__full",
        "independent__marginals",
        "repeats__mean",
        "ignores_seed__origin",
    ],
)
def test_samples_that_ignore_the_groups_never_pass(name):
    path = next(a for a in kill_matrix.answers("mutants", "fit_prior") if a.name == name)
    for check in ("fit_prior.precise", "fit_prior.covers"):
        assert not any(judge.judge(check, path.load(), seed=seed)["passed"] for seed in range(RUNS))
