"""Checks of ``effective_beta(loss, x, x_decoded, z_mean, z_log_var)``: which beta somebody's loss trains.

The losses are made from numbers that are drawn here (`vaelab.checks.student.losses`), so that beta is known:
the weight of the KL, summed over dimensions and averaged over images, relative to that of the Bernoulli
reconstruction, summed over pixels and averaged over images.
"""

from typing import NamedTuple

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.oracles import bce, kl
from vaelab.checks.judge.problem import Asker, Problem
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import item, tensor

_NAME = "effective_beta"
_TOLERANCE = 0.01  # of beta: float32 leaves about a thousandth of the smallest difference that is needed


class Loss(NamedTuple):
    """The numbers of `vaelab.checks.student.losses.Weights`, in their order, and what the loss does in words."""

    about: str
    reconstruction: float = 1.0
    kl: float = 1.0
    pixels_power: float = 0.0
    dimensions_power: float = 0.0
    reconstruction_batch_power: float = 0.0
    kl_batch_power: float = 0.0
    constant: float = 0.0
    entropy: float = 0.0

    def numbers(self) -> list[float]:
        return [float(n) for n in self[1:]]


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
        """Weights of the two terms as the contract defines the terms: (reconstruction, KL)."""
        (batch, pixels, size), loss = self.sizes(), self.loss
        return (
            loss.reconstruction * pixels**loss.pixels_power * batch**loss.reconstruction_batch_power,
            loss.kl * size**loss.dimensions_power * batch**loss.kl_batch_power,
        )

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


def _near(got, beta):
    return abs(got - beta) <= _TOLERANCE * abs(beta) + 1e-3 * (beta == 0)


def _explained(cases, gots):
    """Catalogue id for wrong answers to all cases together; or None."""
    for name, formulas in _WRONG.items():
        for formula in formulas:
            if all(_near(got, formula(case)) for case, got in zip(cases, gots)):
                return name
    right = [_near(got, case.beta()) for case, got in zip(cases, gots)]
    wrong = [(case, got) for case, got, good in zip(cases, gots, right) if not good]
    if all(case.beta() < 0 and _near(-got, case.beta()) for case, got in wrong):
        return "beta.sign"
    if any(right) and all(case.loss.constant or case.loss.entropy for case, _ in wrong):
        return "beta.constant"
    if sum(right) > 1 and all(any(case.loss[3:7]) for case, _ in wrong):
        return "beta.sizes"
    return None


def _judge(ask, cases):
    arrays = {"losses": np.array([case.loss.numbers() for case in cases], "float64")}
    listed = []
    for i, case in enumerate(cases):
        names = [f"{name}{i}" for name in Case._fields[1:]]
        arrays |= {name: np.asarray(array, "float32") for name, array in zip(names, case[1:])}
        listed.append({"loss": i, "args": names})
    body, arrays = ask({"op": "weigh", "cases": listed}, arrays)
    results = item(body, "results", list)
    if len(results) != len(cases):
        raise Problem("What came back is not in the form that was asked for.")
    gots = []
    for case, result in zip(cases, results):
        if isinstance(result, dict) and "error" in result:
            raise raised(result["error"], _NAME, f" for a loss that {case.loss.about}")
        told = result.get("output") if isinstance(result, dict) else None
        got = tensor(told, arrays, _NAME)
        if got.size != 1:
            raise Problem(
                f"effective_beta returned an array of shape {got.shape}; beta is one number.",
                got=f"shape {got.shape}",
                expected="one number",
                next_step="A loss is one number for the whole batch, and so is the weight of a term in it.",
            )
        gots.append(float(got.ravel()[0]))
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


def sums(rng: np.random.Generator, ask: Asker) -> None:
    """Both terms summed as in the ELBO, with a weight on one of them, on both, or on none."""
    losses = [
        Loss("weighs only the KL", kl=_weight(rng)),
        Loss("weighs only the reconstruction", reconstruction=_weight(rng)),
        Loss("weighs both terms", reconstruction=_weight(rng), kl=_weight(rng)),
        Loss("is the negative ELBO"),
    ]
    _judge(ask, [_case(rng, loss) for loss in losses])


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
