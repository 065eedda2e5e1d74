"""Checks of ``effective_beta(loss, x, x_decoded, z_mean, z_log_var)``: which beta somebody's loss trains.

The losses are made from numbers that are drawn here, so that beta is known: the weight of the KL, summed over
dimensions and averaged over images, relative to that of the Bernoulli reconstruction, summed over pixels and averaged
over images. They are computed here as well, whenever the target calls one: its process holds no numbers to read.
"""

from typing import NamedTuple

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.oracles import bce, kl
from vaelab.checks.judge.problem import Asker, Problem
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import item, tensor, unchanged
from vaelab.metrics import EPSILON

_NAME = "effective_beta"
_CALLS = 1010  # of a loss; the probe refuses more than a thousand
_TOLERANCE = 0.01  # of beta: float32 leaves about a thousandth of the smallest difference that is needed


class Loss(NamedTuple):
    """How a loss weighs its two terms, after what it does in words.

    Both terms start as sums, over pixels and over latent dimensions, averaged over the images. A power of -1 turns
    the sum over that axis into a mean; a power of 1 for the batch turns the mean over the images into a sum.
    """

    about: str
    reconstruction: float = 1.0
    kl: float = 1.0
    pixels_power: float = 0.0  # of the number of pixels, on the reconstruction
    dimensions_power: float = 0.0  # of the number of latent dimensions, on the KL
    reconstruction_batch_power: float = 0.0
    kl_batch_power: float = 0.0
    constant: float = 0.0  # added to the loss
    entropy: float = 0.0  # times the entropy of the images, which no weight of a network changes

    def weights(self, batch: float, pixels: float, size: float) -> tuple[float, float]:
        """Weights of the two terms as the contract defines the terms: (reconstruction, KL)."""
        return (
            self.reconstruction * pixels**self.pixels_power * batch**self.reconstruction_batch_power,
            self.kl * size**self.dimensions_power * batch**self.kl_batch_power,
        )

    def value_and_slopes(self, x: np.ndarray, p: np.ndarray, m: np.ndarray, v: np.ndarray) -> list[np.ndarray]:
        """The loss for four arrays of any fitting shapes, and its derivative by each of them."""
        batch, pixels, size = (float(np.prod(shape)) for shape in (x.shape[:1], x.shape[1:], m.shape[1:]))
        reconstruction, divergence = (weight / batch for weight in self.weights(batch, pixels, size))
        entropy = self.entropy / batch
        inside = abs(p - 0.5) < 0.5 - EPSILON  # beyond, Keras clips
        p = np.clip(p, EPSILON, 1 - EPSILON)
        log_p, log_not = np.log(p), np.log1p(-p)
        y = np.clip(x, EPSILON, 1 - EPSILON)
        value = (
            reconstruction * -(x * log_p + (1 - x) * log_not).sum()
            + divergence * 0.5 * (m**2 + np.exp(v) - v - 1).sum()
            + entropy * -(x * np.log(y) + (1 - x) * np.log1p(-y)).sum()
            + self.constant
        )
        by_x = reconstruction * (log_not - log_p) + entropy * (np.log1p(-y) - np.log(y))
        by_p = reconstruction * inside * ((1 - x) / (1 - p) - x / p)
        return [np.asarray(part) for part in (value, by_x, by_p, divergence * m, divergence * 0.5 * (np.exp(v) - 1))]


class Case(NamedTuple):
    """A loss and the arrays that the target gets with it."""

    loss: Loss
    x: np.ndarray
    x_decoded: np.ndarray
    z_mean: np.ndarray
    z_log_var: np.ndarray

    def sizes(self) -> tuple[int, int, int]:
        """Images, pixels, latent dimensions."""
        return len(self.x), self.x.shape[1], self.z_mean.shape[1]

    def weights(self) -> tuple[float, float]:
        """Of the two terms: (reconstruction, KL)."""
        return self.loss.weights(*self.sizes())

    def beta(self) -> float:
        reconstruction, divergence = self.weights()
        return divergence / reconstruction

    def parts(self) -> tuple[float, float]:
        """Reconstruction and KL, in nats per image."""
        return bce(self.x, self.x_decoded).sum(1).mean(), kl(self.z_mean, self.z_log_var).mean()

    def rest(self) -> float:
        """What the loss adds that depends on neither the codes nor the reconstruction."""
        return self.loss.constant + self.loss.entropy * bce(self.x, self.x).sum(1).mean()


def _case(rng, loss, batch=None, pixels=None, size=None):
    batch = batch or int(rng.choice([6, 9, 14]))
    pixels = pixels or int(rng.choice([20, 35, 52]))
    size = size or int(rng.choice([3, 5, 7]))
    x = draw.images(rng, batch, (pixels,))
    x_decoded = rng.uniform(0.04, 0.96, x.shape).astype("float32")
    return Case(loss, x, x_decoded, *draw.gaussians(rng, batch, size))


def _weight(rng):
    """A weight between 1/8 and 8 that is not near 1, 1/2 or 2."""
    return float(rng.choice([0.13, 0.3, 0.7, 1.4, 3.1, 7.0]) * rng.uniform(0.97, 1.03))


#: What a wrong answer returns: by catalogue id, functions of a case.
_WRONG = {
    "beta.inverse": [lambda c: 1 / c.beta()],
    "beta.only_kl": [lambda c: c.weights()[1]],
    "beta.only_reconstruction": [lambda c: c.weights()[0]],
    "beta.always_one": [lambda c: 1.0],
    "beta.per_dimension": [lambda c: c.beta() * c.sizes()[2], lambda c: c.beta() / c.sizes()[2]],
    "beta.per_pixel": [lambda c: c.beta() * c.sizes()[1], lambda c: c.beta() / c.sizes()[1]],
    "beta.per_batch": [lambda c: c.beta() * c.sizes()[0], lambda c: c.beta() / c.sizes()[0]],
    "beta.half": [lambda c: c.beta() / 2, lambda c: c.beta() * 2],
    "beta.means": [
        lambda c: c.beta() * c.sizes()[2] / c.sizes()[1],
        lambda c: c.beta() * c.sizes()[1] / c.sizes()[2],
    ],
    "beta.share_of_the_loss": [
        lambda c: c.beta() * c.parts()[1] / c.parts()[0],
        lambda c: c.weights()[1] * c.parts()[1],
        lambda c: c.weights()[1] * c.parts()[1] / (c.weights()[0] * c.parts()[0] + c.rest()),
        lambda c: c.weights()[1] * c.parts()[1] / (np.dot(c.weights(), c.parts()) + c.rest()),
        lambda c: c.parts()[1] / c.parts()[0],
    ],
    "beta.assumes_reconstruction": [
        lambda c: (np.dot(c.weights(), c.parts()) + c.rest() - c.parts()[0]) / c.parts()[1]
    ],
    "beta.normalised": [lambda c: c.weights()[1] / sum(c.weights())],
    "beta.logarithm": [lambda c: np.log(c.beta()), lambda c: np.log10(c.beta())],
}


def _value(formula, case):
    """What a wrong answer returns; NaN, which fits nothing, where it is undefined: weights of 1 and -1 have no shares."""
    try:
        return formula(case)
    except ZeroDivisionError:
        return np.nan


def _near(got, beta):
    return abs(got - beta) <= _TOLERANCE * abs(beta) + 1e-3 * (beta == 0)


def _explained(cases, gots):
    """Catalogue id for wrong answers to all cases together; or None."""
    for name, formulas in _WRONG.items():
        for formula in formulas:
            if all(_near(got, _value(formula, case)) for case, got in zip(cases, gots)):
                return name
    right = [_near(got, case.beta()) for case, got in zip(cases, gots)]
    wrong = [(case, got) for case, got, good in zip(cases, gots, right) if not good]
    if all(_near(-got, case.beta()) for case, got in wrong):
        return "beta.sign"
    if any(right) and all(case.loss.constant or case.loss.entropy for case, _ in wrong):
        return "beta.constant"
    # Otherwise it may be rounding: to a digit, or to a decimal.
    far = any(abs(got - case.beta()) > max(0.25 * abs(case.beta()), 0.06) for case, got in wrong)
    if sum(right) > 1 and far and all(any(case.loss[3:7]) for case, _ in wrong):
        return "beta.sizes"
    return None


def _called(loss, body, arrays):
    """What answers a call of the loss with the four arrays of a reply: JSON and arrays."""
    names = item(body, "call", list)
    parts = [arrays.get(name) if isinstance(name, str) else None for name in names]
    good = [type(part) is np.ndarray and part.dtype == np.float64 and part.size for part in parts]
    if len(parts) != 4 or not all(good):
        raise Problem("What came back is not in the form that was asked for.")
    x, p, m, v = parts
    if x.ndim < 1 or m.ndim < 1 or x.shape != p.shape or m.shape != v.shape:
        shapes = ", ".join(str(part.shape) for part in parts)
        return {
            "refused": f"the loss was called with shapes {shapes}; images and codes come in pairs of equal shapes"
        }, {}
    value, *slopes = loss.value_and_slopes(*parts)
    return {}, {"value": value, **{f"slope{i}": slope for i, slope in enumerate(slopes)}}


def _run(ask, case):
    """Beta by the target for one case, a number; and the reply."""
    arrays = {name: np.asarray(array, "float32") for name, array in zip(Case._fields[1:], case[1:])}
    body, arrays = ask({"op": "weigh", "cases": [{"args": list(arrays)}]}, arrays)
    for _ in range(_CALLS):
        if "call" not in body:
            break
        answer, arrays = _called(case.loss, body, arrays)
        body, arrays = ask({"op": "weigh", **answer}, arrays)
    (result,) = item(body, "results", list) or [None]
    if isinstance(result, dict) and "error" in result:
        raise raised(result["error"], _NAME, f" for a loss that {case.loss.about}")
    described = result.get("output") if isinstance(result, dict) else None
    got = tensor(described, arrays, _NAME, expected="one number")
    if got.size != 1:
        raise Problem(
            f"effective_beta returned an array of shape {got.shape}; beta is one number.",
            got=f"shape {got.shape}",
            expected="one number",
            next_step="A loss is one number for the whole batch, and so is the weight of a term in it.",
        )
    return float(got.ravel()[0]), result


def _judge(ask, cases):
    gots, results = zip(*(_run(ask, case) for case in cases))
    for case, got in zip(cases, gots):
        if not _near(got, case.beta()):
            name = _explained(cases, gots)
            batch, pixels, size = case.sizes()
            raise Problem(
                f"For a loss that {case.loss.about} ({batch} images, {pixels} pixels, {size} latent dimensions), "
                f"effective_beta returned {got:.4g} where {case.beta():.4g} was expected" + ("" if name else "."),
                mistake=name,
                got=f"{got:.4g}",
                expected=f"{case.beta():.4g}",
                next_step=None
                if name
                else "Change only z_mean and z_log_var, then only x_decoded: by how much does the loss change each "
                "time, and by how much should it?",
            )
    return results


def sums(rng: np.random.Generator, ask: Asker) -> None:
    """Both terms summed as in the ELBO, with a weight on one of them, on both, or on none."""
    losses = [
        Loss("weighs only the KL", kl=_weight(rng)),
        Loss("weighs only the reconstruction", reconstruction=_weight(rng)),
        Loss("weighs both terms", reconstruction=_weight(rng), kl=_weight(rng)),
        Loss("is the negative ELBO"),
    ]
    for result in _judge(ask, [_case(rng, loss) for loss in losses]):
        unchanged(result, _NAME, Case._fields[1:])


def averages(rng: np.random.Generator, ask: Asker) -> None:
    """Means in place of sums: over pixels, dimensions or images."""
    losses = [
        Loss("averages over the pixels", pixels_power=-1),
        Loss("averages the KL over the dimensions", dimensions_power=-1),
        Loss("averages over pixels and over dimensions", kl=_weight(rng), pixels_power=-1, dimensions_power=-1),
        Loss("adds up the KL of all images", kl_batch_power=1),
        Loss("adds up both terms over all images", kl_batch_power=1, reconstruction_batch_power=1),
        Loss("is the negative ELBO"),
    ]
    _judge(ask, [_case(rng, loss) for loss in losses])


def unseen(rng: np.random.Generator, ask: Asker) -> None:
    """Constants, other signs and sizes, a KL that is left out."""
    constant = float(rng.choice([-1, 1]) * rng.uniform(20, 60))
    losses = [
        (Loss("adds a constant", kl=_weight(rng), constant=constant), {}),
        (Loss("has the entropy of the images subtracted", reconstruction=_weight(rng), entropy=-1.0), {}),
        (Loss("leaves the KL out", kl=0.0), {}),
        (Loss("subtracts the KL", kl=-1.0), {}),
        (Loss("averages over the pixels", pixels_power=-1), {"pixels": 784, "batch": 4}),
        (Loss("weighs the KL, for one image", kl=_weight(rng)), {"batch": 1, "size": 1}),
        (Loss("averages the KL over the dimensions", dimensions_power=-1, kl=_weight(rng)), {"size": 16}),
        (Loss("is the negative ELBO"), {}),
    ]
    _judge(ask, [_case(rng, loss, **sizes) for loss, sizes in losses])


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (sums, averages, unseen)}
