"""The section on sampling: which scale the noise has, whether it is fresh, and whether batches of any size work."""

import numpy as np

from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import FAULT, WARNING
from vaelab.doctor.sampling import sampling as measure
from vaelab.doctor.step import StepError

_EXPECTED = {
    "sampling.z_mean": "z = z_mean + sigma * noise, with noise for each image and dimension",
    "sampling.shared_by_batch": "noise of the shape of z_mean",
    "sampling.shared_by_dimensions": "noise of the shape of z_mean",
    "sampling.constant": "other noise in each call",
    "sampling.uniform": "Gaussian noise",
    "sampling.constant_noise": "noise, not a constant",
}
_MEASURED = {
    "sampling.z_mean": "z equals z_mean",
    "sampling.shared_by_batch": "all images of a batch get the same noise",
    "sampling.shared_by_dimensions": "all latent dimensions of an image get the same noise",
    "sampling.constant": "the noise is the same in each call",
    "sampling.uniform": "the noise has the fourth moment of a uniform distribution",
    "sampling.constant_noise": "z is always the same distance from z_mean, in units of its scale",
}
_SPREAD = {
    "exp(v / 2)": "exp(v / 2), so v is a log variance",
    "exp(v)": "exp(v), so v is the logarithm of a standard deviation",
    "softplus(v)": "softplus(v)",
    "v": "v itself, so v is a standard deviation",
    "sqrt(v)": "sqrt(v), so v is a variance",
    "1": "1, whatever v",
}


def sampling(e: Examination) -> None:
    """Which function of the encoder's second output scales the noise, and what the noise is."""
    p = e.parts
    if p.z_mean is None:
        _without_a_mean(e)
        return
    if e.weigher is None:
        e.skip("sampling", "the parameters of q(z|x) were not found")
        return
    if not p.noisy and np.allclose(p.values(p.base, p.z), p.values(p.base, p.z_mean), atol=1e-5):
        e.found(FAULT, "sampling.z_mean", _MEASURED["sampling.z_mean"], _EXPECTED["sampling.z_mean"])
        e.saw("sampling", "none: z is z_mean")
        return
    got = measure(e.weigher)
    e.scale = got.scale
    if got.scale in ("v", "sqrt(v)"):
        e.weigher.second = (0.3, 2.0)
    ids = [i for i in got.mistakes if i in _EXPECTED]
    if "sampling.constant" not in ids and "sampling.constant_noise" not in ids:
        ids += _stale(e)
    for mistake in ids:
        e.found(FAULT, mistake, _MEASURED[mistake], _EXPECTED[mistake])
    if got.scale is None:
        e.saw("sampling", "z is spread around z_mean by none of the functions of v that are known")
    else:
        e.report.numbers["noise_factor"] = round(got.factor, 4)
        e.saw("sampling", f"z = z_mean + noise * {_SPREAD[got.scale]} (v: the encoder's second output)")
        if abs(got.factor - 1) > 0.2 and not ids:
            e.found(
                FAULT if got.factor < 0.5 or got.factor > 2 else WARNING,
                None,
                f"the noise has a standard deviation of {got.factor:.3g} where it is 1 for N(0, 1)",
                "noise with standard deviation 1: the scale of z is that of q(z|x)",
                name="noise of another size",
            )


def _stale(e):
    """["sampling.constant"] if noise that is left to the model is the same in two steps, or in two runs of a graph."""
    p = e.parts
    first, second = (p.values(p.run(seed=None), p.z) for _ in range(2))
    if np.array_equal(first, second):
        return ["sampling.constant"]
    if getattr(e.model, "run_eagerly", False) or not (p.base.numpy_noise or not p.repeats):
        return []  # TensorFlow's own noise is fresh in a graph where it is without
    try:
        runs = e.steps.traced(p.data, p.z)
    except StepError as error:
        e.skip("sampling in a graph", f"the training step cannot be traced here ({str(error)[:200]})")
        return []
    return ["sampling.constant"] if np.array_equal(runs[-1], runs[-2]) else []


def _without_a_mean(e):
    p = e.parts
    if p.z is not None and not p.noisy and p.has_term_on_the_code():
        why = "no noise reaches the reconstruction, and the loss has a term on the code that is no KL of a posterior that was found"
        e.skip("sampling", f"{why}; a quantised code is one, for instance")
        return
    if p.z is not None and not p.noisy:
        e.found(
            FAULT,
            "encoder.z_only",
            "the code that the decoder gets is not random, and nothing beside it reaches the loss: an autoencoder",
            "two parameters of q(z|x), and z drawn from it",
        )
    e.skip("sampling", "the parameters of q(z|x) were not found. Pass the layer that returns them as encoder=")


def batch_sizes(e: Examination) -> None:
    """Whether batches of other sizes work."""
    p = e.parts
    try:
        second = e.second
    except StepError as error:
        e.found(
            FAULT,
            "sampling.batch_size",
            f"a step with {p.count} images runs, one with {e.second_count} fails ({' '.join(str(error).split())[:160]})",
            "steps with any number of images; the last batch of an epoch is often smaller",
        )
    else:
        e.saw("batch sizes", f"{p.count} and {second.count} images")
