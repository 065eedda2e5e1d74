"""One request of a check of ``make_vae``: networks, data, steps, and the reply, read."""

import math
import re
from collections.abc import Sequence

import numpy as np

from vaelab.checks.judge import draw, oracles
from vaelab.checks.judge.problem import Problem, a_type, with_mistakes
from vaelab.checks.judge.reply import finite, item, numbers, raised, tensor

#: Shape of the course's own images, so that only one check is lost by code that works for no others.
COURSE = (784,)
#: Units of the hidden layers of the networks that are handed in.
HIDDEN = 6
#: Latent dimensions; not the course's own 2, of which the half is 1 and the mean half the sum.
SIZES = 3, 5
#: What a model reports, in nats per image.
KEYS = ("loss", "reconstruction", "kl")
#: Layers of the networks that are handed in, by network.
ENCODER = ("encoder_hidden", "z_mean", "z_log_var")
DECODER = ("decoder_hidden", "pixels")
#: Relative difference up to which two numbers in nats are the same: float32 sums over 784 pixels.
SAME = 2e-4
#: Images in a batch as large as in training: at least and at most.
LARGE = 64, 130


class Run:
    """Build a VAE from the student's function, then run steps on it.

    Parameters
    ----------
    rng : numpy.random.Generator or None
        Where the networks' weights are drawn from, if `weights` is not given.
    ask : callable
        Sends a request, returns ``(json, arrays)``.
    shape, size : tuple of int, int
        Of one image, and of the latent space.
    data : dict of str to array
        Images by name, each ``(count, *shape)``.
    steps : list of dict
        What to run on the model; see ``vaelab.checks.student.probe``.
    weights : dict, optional
        Those of an earlier run.
    traced : bool, optional
        Whether Keras has to trace the model to build it: a test of the student's code, and slow. By default it has to,
        unless all steps are quick ones.
    """

    def __init__(self, rng, ask, shape, size, data, steps, weights=None, traced=None):
        traced = not all(step.get("quick") for step in steps) if traced is None else traced
        self.shape, self.size, self.pixels = shape, size, math.prod(shape)
        self.batches = [_batches(step, data) for step in steps]
        self.networks = oracles.Networks(weights) if weights else telling_networks(rng, shape, size, data)
        body, self.arrays = ask(
            {
                "op": "vae",
                "build": {"input_shape": list(shape), "latent_dim": size, "hidden": HIDDEN, "traced": traced},
                "steps": steps,
            },
            {**self.networks.weights, **data},
        )
        self.model = item(body, "model", dict)
        self.steps = item(body, "steps", list)
        if self.model.get("is_model") is not True:
            kind = self.model.get("type")
            raise Problem(
                f"make_vae returned {a_type(kind)}; a keras.Model was expected.",
                got=a_type(kind),
                expected="a keras.Model",
                next_step="A class is not yet a model: call it, with brackets."
                if kind == "type"
                else "Return the model at the end of the function.",
            )
        if len(self.steps) != len(steps) or not all(isinstance(s, dict) for s in self.steps):
            raise Problem("What came back is not in the form that was asked for.")

    def step(self, i: int, what: str) -> dict:
        """The result of step `i`, if it ran; `what` it did, in words."""
        if "error" in self.steps[i]:
            problem = raised(self.steps[i]["error"], what)
            if _another_batch(problem.message, self.batches[i]):
                problem.mistake = "sampling.batch_size"
            raise problem
        return self.steps[i]

    def logs(self, i: int, what: str = "evaluate", keys: Sequence[str] = KEYS) -> list[dict[str, float]]:
        """``[{key: number}, ...]`` for each evaluation of step `i`."""
        results = item(self.step(i, what), "results", list)
        return [read(result, what, keys) for result in results]

    def after(self, i: int, name: str) -> np.ndarray:
        """The weight `name` after step `i`."""
        array = self.arrays.get(f"step{i}.{name}")
        good = type(array) is np.ndarray and array.dtype == np.float64
        if not good or array.shape != self.networks.weights[name].shape:
            raise Problem("The weights after fit cannot be read.")
        return array

    def reconstructs(self, i: int, x: np.ndarray) -> bool:
        """Does `predict`, in step `i`, give the reconstruction, of a sample or of z_mean? A Problem for another shape."""
        try:
            output = tensor(self.step(i, "predict").get("output"), self.arrays, "predict")
        except Problem as problem:
            if " returned " in problem.message:
                problem.next_step = "The last line of call should return the reconstruction, and nothing else."
            raise
        if output.shape != x.shape:
            raise Problem(
                f"predict on images of shape {x.shape} returned shape {output.shape}; one reconstruction for "
                "each image was expected.",
                got=f"shape {output.shape}",
                expected=f"shape {x.shape}",
                next_step="call should return the decoder's output.",
            )
        m, v = self.networks.encode(x)
        flat = output.reshape(len(x), -1)
        return any(np.allclose(flat, self.networks.decode(z), atol=2e-3) for z in (self.networks.sample(m, v), m))


def telling_networks(
    rng: np.random.Generator, shape: Sequence[int], size: int, data: dict[str, np.ndarray]
) -> oracles.Networks:
    """Networks that give means and log variances of both signs for the images, else some mistake would not show."""
    x = np.concatenate(list(data.values()))
    for _ in range(100):
        networks = oracles.Networks(draw.networks(rng, shape, size, HIDDEN))
        if all(values.min() < -0.5 and values.max() > 0.5 for values in networks.encode(x)):
            break
    return networks


def _batches(step, data):
    """Sizes of the batches of a step, the last one included."""
    names = step["x"] if isinstance(step["x"], list) else [step["x"]]
    counts, size = [len(data[name]) for name in names], step.get("batch_size", 0)
    return {size, *(count % size for count in counts if size)} if size else set(counts)


def _another_batch(text, batches):
    """Does an error message complain of two shapes that differ in their first number only, one of which is a batch's?"""
    shapes = [tuple(map(int, re.findall(r"\d+", found))) for found in re.findall(r"[\[(]([\d, ]+)[\])]", text)]
    return any(
        a[1:] == b[1:] and len(a) > 1 and a[0] != b[0] and {a[0], b[0]} & batches for a in shapes for b in shapes
    )


def read(result: object, what: str, keys: Sequence[str] = KEYS) -> dict[str, float]:
    """The last number that `result` logs under each of `keys`; a Problem if one is missing or not finite."""
    logs = result.get("logs") if isinstance(result, dict) else None
    if not isinstance(logs, dict):
        raise Problem(f"{what} did not report a dictionary of numbers.")
    found = {key: value for key in keys if (value := numbers(logs, key)) is not None}
    missing = [key for key in keys if key not in found]
    if missing:
        there = ", ".join(sorted(str(k) for k in logs))[:120] or "nothing"
        raise Problem(
            f"{what} does not report {', '.join(missing)}; it reports {there}.",
            got=there,
            expected=", ".join(keys),
            next_step="A metric is reported under its name: keras.metrics.Mean(name=...). Give yours these names.",
        )
    for key, value in found.items():
        if not all(finite(v) for v in value):
            raise Problem(
                f"{what} reports {key} = {value[0]}; a finite number was expected.",
                got=str(value[0]),
                expected="a finite number",
                next_step="Look for a logarithm of zero or an exponential that overflows.",
            )
    return {key: value[-1] for key, value in found.items()}


def nats(value: float) -> str:
    """A number of nats with four digits or two decimals."""
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"


def near(got: float, expected: float) -> bool:
    """Are two numbers of nats the same, up to rounding?"""
    return abs(got - expected) <= SAME * max(1.0, abs(expected))


def wrong_number(
    who: str,
    key: str,
    got: float,
    expected: float,
    ids: Sequence[str | None] = (),
    next_step: str | None = None,
    unnamed: str = "",
) -> Problem:
    """The Problem that `who` reports `got` under `key`, where `expected` nats are right; `unnamed` is added if `ids` name nothing."""
    ratio = got / expected if expected else math.nan
    simple = f", {ratio:.4g} times as much" if 1e-6 < abs(ratio) < 1e6 and abs(ratio - 1) > 0.02 else ""
    sentence = f"{who} reports {key} = {nats(got)} where {nats(expected)} nats were expected{simple}"
    return with_mistakes(
        sentence,
        ids,
        unnamed=f".{unnamed}",
        got=nats(got),
        expected=f"{nats(expected)} nats per image",
        next_step=next_step,
    )
