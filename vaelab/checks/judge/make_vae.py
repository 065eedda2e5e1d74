"""Checks of ``make_vae(input_shape, encoder, decoder, sampling_layer)``.

The probe hands in small networks whose weights come from here and whose noise is a known
function of z_mean and z_log_var, so every number that the model reports is known exactly.
"""

import contextlib
import functools
import math
import re

import numpy as np

from vaelab.checks.judge import draw, oracles, recognise
from vaelab.checks.judge.reply import Problem, finite, item, numbers, raised, tensor

_NAME = "make_vae"
#: The course's own images, so that only one check is lost by code that works for no others.
_COURSE = (784,)
_HIDDEN = 6
#: Of the latent space: not the course's own 2, of which the half is 1 and the mean half the sum.
_SIZES = 3, 5
_KEYS = ("loss", "reconstruction", "kl")
_ENCODER = ("encoder_hidden", "z_mean", "z_log_var")
_DECODER = ("decoder_hidden", "pixels")
#: Of plain gradient steps in a graph: small enough for the loss to stay finite, large enough to be seen in float32.
_RATE = 1e-5
#: How far one step of an optimiser takes a weight: of Adam its learning rate, of others up to forty times as far.
_REACH = 1.2e-7, 100.0


class _Run:
    """Networks, data and the reply of one request: build a VAE, then run steps on it."""

    def __init__(self, rng, ask, shape, size, data, steps, weights=None, traced=None):
        # Keras traces a model with a layer that has never run, to build it: a test of the student's code, and slow.
        traced = not all(step.get("quick") for step in steps) if traced is None else traced
        self.shape, self.size = shape, size
        self.pixels = math.prod(shape)
        self.networks = oracles.Networks(weights) if weights else _telling(rng, shape, size, data)
        body, self.arrays = ask(
            {
                "op": "vae",
                "build": {"input_shape": list(shape), "latent_dim": size, "hidden": _HIDDEN, "traced": traced},
                "steps": steps,
            },
            {**self.networks.weights, **data},
        )
        self.model = item(body, "model", dict)
        self.steps = item(body, "steps", list)
        if self.model.get("is_model") is not True:
            kind = self.model.get("type")
            raise Problem(
                f"make_vae returned a {kind if isinstance(kind, str) else 'strange object'}"[:120]
                + "; a keras.Model was expected.",
                got=str(kind)[:40],
                expected="a keras.Model",
                next_step="A class is not yet a model: call it, with brackets."
                if kind == "type"
                else "Return the model at the end of the function.",
            )
        if len(self.steps) != len(steps) or not all(isinstance(s, dict) for s in self.steps):
            raise Problem("What came back is not in the form that was asked for.")

    def step(self, i, what):
        """The result of step `i`, if it ran."""
        if "error" in self.steps[i]:
            problem = raised(self.steps[i]["error"], what)
            if _first_axis_differs(problem.message):
                problem.mistake = "sampling.batch_size"
            raise problem
        return self.steps[i]

    def logs(self, i, what="evaluate", keys=_KEYS):
        """``[{key: number}, ...]`` for each evaluation of step `i`."""
        results = item(self.step(i, what), "results", list)
        return [_read(result, what, keys) for result in results]


def _telling(rng, shape, size, data):
    """Networks that give means and log variances of both signs for the images, else some mistake would not show."""
    x = np.concatenate(list(data.values()))
    for _ in range(100):
        networks = oracles.Networks(draw.networks(rng, shape, size, _HIDDEN))
        if all(values.min() < -0.5 and values.max() > 0.5 for values in networks.encode(x)):
            break
    return networks


def _first_axis_differs(text):
    """Does an error message complain of two shapes that differ in their first number only?"""
    shapes = [tuple(re.findall(r"\d+", found)) for found in re.findall(r"[\[(]([\d, ]+)[\])]", text)]
    return any(a[1:] == b[1:] and len(a) > 1 and a[0] != b[0] for a in shapes for b in shapes)


def _read(result, what, keys=_KEYS):
    logs = result.get("logs") if isinstance(result, dict) else None
    if not isinstance(logs, dict):
        raise Problem(f"{what} did not report a dictionary of numbers.")
    found = {key: numbers(logs, key) for key in keys}
    missing = [key for key, value in found.items() if value is None]
    if missing:
        there = ", ".join(sorted(str(k) for k in logs))[:120] or "nothing"
        raise Problem(
            f"{what} does not report {', '.join(missing)}; it reports {there}.",
            got=there,
            expected=", ".join(keys),
            next_step="Metrics are reported under their names: give them these.",
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


def _nats(value):
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"


def _near(got, expected):
    return abs(got - expected) <= 2e-4 * max(1.0, abs(expected))


def _tell(key, got, expected):
    ratio = got / expected if expected else math.nan
    simple = f", {ratio:.4g} times as much" if 1e-6 < abs(ratio) < 1e6 and abs(ratio - 1) > 0.02 else ""
    return f"{key} is {_nats(got)} where {_nats(expected)} nats were expected{simple}"


def _check_numbers(run, xs, logs, rng, ask):
    """A Problem unless the three numbers are right in every evaluation."""
    if not any(log[key] for log in logs for key in _KEYS):
        raise Problem(
            "evaluate reports 0 for loss, reconstruction and kl",
            mistake="loss.not_tracked",
            got="0",
            expected="nats per image",
        )
    cases = {key: [(run.networks, x, log[key]) for x, log in zip(xs, logs)] for key in _KEYS}
    expected = []
    for x in xs:
        rec, kl = run.networks.parts(x)
        expected.append({"loss": rec + kl, "reconstruction": rec, "kl": kl})
    bad = [key for key in _KEYS if any(not _near(log[key], e[key]) for log, e in zip(logs, expected))]
    if not bad:
        return
    ids, blamed = [], bad[0]
    if "reconstruction" in bad:
        ids += recognise.reconstruction(cases["reconstruction"])
    if "kl" in bad:
        ids += recognise.kl_number(cases["kl"])
    if bad == ["loss"]:
        ids = [i for i in [recognise.loss(cases["loss"], len(xs[0]), run.size)] if i]
    else:
        blamed = next(key for key in ("reconstruction", "kl") if key in bad)
    if not ids:
        ids = _independent(rng, ask)
    if not ids:
        ids = _listened(run, rng, ask)
    got, right = max(
        ((log[blamed], e[blamed]) for log, e in zip(logs, expected)), key=lambda pair: abs(pair[0] - pair[1])
    )
    told = _tell(blamed, got, right)
    ids += [None, None]
    raise Problem(
        told[0].upper() + told[1:] + ("" if ids[0] else ". The mistake was not recognised."),
        mistake=ids[0],
        also=ids[1] if ids[1] != ids[0] else None,
        got=_nats(got),
        expected=f"{_nats(right)} nats per image",
        next_step=None
        if ids[0]
        else "Work out both parts for one image by hand, from the encoder's and decoder's outputs.",
    )


def _independent(rng, ask):
    """["loss.not_the_parts"] if the numbers ignore the encoder or the decoder passed in.

    The sizes are those of the course's own networks, since a model that wrongly uses those
    fits no others.
    """
    shape, size = _COURSE, 2
    first = draw.networks(rng, shape, size, _HIDDEN)
    second = draw.networks(rng, shape, size, _HIDDEN)
    data = {name: draw.images(rng, 6, shape) for name in ("x", "y")}
    steps = [{"do": "evaluate", "x": list(data), "batch_size": 6}]

    def losses(weights):
        logs = _Run(rng, ask, shape, size, data, steps, weights).logs(0, keys=("loss",))
        return np.array([log["loss"] for log in logs])

    try:
        base = losses(first)
        if not base.all() or not np.allclose(losses(first), base, rtol=1e-6):
            return []  # not a loss, or random: nothing follows from a difference or from none
        for part in (_ENCODER, _DECODER):
            mixed = {name: (second if name.split(".")[0] in part else first)[name] for name in first}
            if np.allclose(losses(mixed), base, rtol=1e-6):
                return ["loss.not_the_parts"]
    except Problem:
        pass
    return []


def _listened(run, rng, ask):
    """What the values that reach the decoder say about the sampling."""
    images, repeats, calls = 16, 64, 8  # enough noise to tell one scale of it from another
    x = np.broadcast_to(draw.images(rng, images, run.shape), (repeats, images, *run.shape))
    try:
        heard_run = _Run(
            None,
            ask,
            run.shape,
            run.size,
            {"x": x.reshape(-1, *run.shape)},
            [{"do": "listen", "x": "x", "batch_size": repeats * images, "times": calls}],
            weights=run.networks.weights,
        )
        told = item(heard_run.step(0, "evaluate"), "heard", list)
        zs = [tensor(call[-1], heard_run.arrays, "The sampling") for call in told if isinstance(call, list) and call]
    except Problem:
        return []
    if len(zs) != calls or any(z.shape != (repeats * images, run.size) for z in zs):
        return []
    z = np.reshape(zs, (calls, repeats, images, run.size))
    if np.allclose(z, run.networks.sample(*run.networks.encode(x[0])), atol=1e-3):
        return []  # the sampling is right; the numbers are wrong for another reason
    return recognise.sampling(run.networks, x, z)


def _reconstruction(run, i, x, what="predict"):
    """A Problem unless `predict` gives the reconstruction, of a sample or of z_mean."""
    output = tensor(run.step(i, what).get("output"), run.arrays, what)
    if output.shape != x.shape:
        raise Problem(
            f"predict on images of shape {x.shape} returned shape {output.shape}; one reconstruction for "
            "each image was expected.",
            got=f"shape {output.shape}",
            expected=f"shape {x.shape}",
            next_step="call should return the decoder's output.",
        )
    m, v = run.networks.encode(x)
    flat = output.reshape(len(x), -1)
    return any(np.allclose(flat, run.networks.decode(z), atol=2e-3) for z in (run.networks.sample(m, v), m))


def builds(rng, ask):
    """A compiled keras.Model whose predict gives images."""
    with _explained(rng, ask):
        shape, count = _COURSE, 7
        x = draw.images(rng, count, shape)
        run = _Run(rng, ask, shape, 2, {"x": x}, [{"do": "predict", "x": "x", "batch_size": count}])
        if run.model.get("compiled") is not True:
            raise Problem(
                "The model is not compiled, so it has no optimiser to train it.",
                got="not compiled",
                expected="a compiled model",
                next_step="Call compile, with an optimiser, before you return the model.",
            )
        if not _reconstruction(run, 0, x):
            ids = (_independent(rng, ask) or _listened(run, rng, ask)) + [None, None]
            raise Problem(
                "predict returns numbers that are not the decoder's output for the images' own codes"
                + ("" if ids[0] else "."),
                mistake=ids[0],
                also=ids[1],
                next_step=None
                if ids[0]
                else "Follow an image from the encoder through the sampling layer to the decoder.",
            )


@contextlib.contextmanager
def _explained(rng, ask):
    """Exceptions in the student's code get the mistake that they point to, if it can be shown."""
    try:
        yield
    except Problem as problem:
        if (
            problem.mistake is None
            and problem.got == "NotImplementedError"
            and not problem.message.startswith(f"{_NAME} raised")
        ):
            problem.mistake = "loss.no_evaluate"
        elif problem.mistake is None and " raised " in problem.message:
            problem.mistake = next(iter(_independent(rng, ask)), None)
        raise


def _confirmed(attempt):
    """Call ``attempt(1)``; if that finds a Problem, ``attempt(5)``, and fail either way.

    One batch tells right from wrong, and every evaluation takes its time; to recognise
    *what* is wrong takes several numbers.
    """
    try:
        attempt(1)
    except Problem as problem:
        attempt(5)
        problem.mistake = problem.also = None  # right this time, and one number names no mistake
        problem.next_step = "The same check passed a moment later: look for what is random besides the sampling layer."
        raise


def loss(rng, ask):
    """The three numbers that evaluate reports, on one batch at a time."""
    _confirmed(lambda batches: _loss(rng, ask, batches))


def _loss(rng, ask, batches):
    shape, count = _COURSE, 6
    data = {f"x{i}": draw.images(rng, count, shape) for i in range(batches)}
    with _explained(rng, ask):
        run = _Run(
            rng,
            ask,
            shape,
            5,
            data,
            [{"do": "evaluate", "x": list(data), "batch_size": count, "quick": batches > 1}],
            traced=True,
        )
        logs = run.logs(0)
    _check_numbers(run, list(data.values()), logs, rng, ask)


def fit(rng, ask):
    """Training moves encoder and decoder; its log holds means over the epoch."""
    shape, size, batch = _COURSE, int(rng.choice(_SIZES)), 4
    data = {"x": draw.images(rng, 3 * batch, shape), "x_val": draw.images(rng, batch, shape)}
    data["x"] = data["x"][np.argsort(data["x"].mean(axis=1))]  # batches unlike one another
    run = _Run(
        rng,
        ask,
        shape,
        size,
        data,
        [
            {"do": "fit", "x": "x_val", "batch_size": batch, "weights": True, "quick": True},
            # In a graph, as students run it. Without the optimiser's own rule: its graph takes long to make.
            {
                "do": "fit",
                "x": "x",
                "x_val": "x_val",
                "batch_size": batch,
                "rate": 0.0,
                "then": _RATE,
                "weights": True,
                "graph": True,
                "quick": True,
            },
        ],
    )
    run.step(0, "fit")
    what = "fit with validation_data"
    log = _read(run.step(1, f"{what}=(x_val, None)"), what, (*_KEYS, *(f"val_{key}" for key in _KEYS)))
    _trains(run, data["x_val"], rng, ask)
    batches = np.split(data["x"], 3)
    _epoch(run, batches, log, rng, ask)
    rec, kl = run.networks.parts(data["x_val"])
    for key, right in zip(_KEYS, (rec + kl, rec, kl)):
        if not _near(log[f"val_{key}"], right):
            ids, next_step, _ = _by_value(rng, ask)
            raise Problem(
                _tell(f"The val_{key} that fit logs", log[f"val_{key}"], right) + ("" if ids[0] else "."),
                mistake=ids[0],
                also=ids[1],
                got=_nats(log[f"val_{key}"]),
                expected=f"{_nats(right)} nats per image",
                next_step=next_step,
            )
    _compiled(run, batches, rng, ask)


def _trains(run, x, rng, ask):
    """A Problem unless the model's own optimiser, in step 0 on the images `x`, takes a step that training could be made of.

    It goes down the gradient, and neither leaps nor stays: this holds for any optimiser in use, with learning rates from
    1e-5 to 1. As a schedule may begin with nothing, a step that stays is asked for again further on.
    """
    (reach, down), i, least = _taken(run, x, 0), 0, _REACH[0]
    if reach < least:
        least *= 7  # Adam, told that its averages are long-standing while they are not, goes six times as far
        later = [
            {"do": "fit", "x": "x", "batch_size": len(x), "weights": True, "quick": True, "iterations": number}
            for number in (1, 11, 119, 1199, 11999)
        ]
        run = _Run(None, ask, run.shape, run.size, {"x": x}, later, weights=run.networks.weights)
        steps = [(*_taken(run, x, i), i) for i in range(len(later)) if run.step(i, "fit")]
        reach, down, i = max(steps, key=lambda step: step[0])
    _moved(run, i)
    told = (
        "hardly moves the weights"
        if reach < least
        else "leaves every minimum far behind"
        if not reach < _REACH[1]
        else None
        if down
        else "does not go down the gradient of the loss"
    )
    if told and _right_gradients(rng, ask):
        raise Problem(
            f"A training step with the model's own optimiser {told}",
            mistake="loss.optimizer",
            got=f"a step of {reach:.1g} in a weight",
            expected="a step that lowers the loss",
        )


def _taken(run, x, i):
    """How far step `i`, on the images `x`, took a weight along its gradient, on average; and if it went down the gradient."""
    slope = _slope(run.networks, x)
    parts = _by_part(slope, _steps(run, i, slope))
    slope, step = (np.concatenate(both) for both in zip(*parts))
    if not np.isfinite(step).all():
        return math.inf, False
    # Of random steps in so many dimensions none comes near an angle of 0.05; Adam's have 0.3 and more.
    down = slope @ step > 0.05 * np.linalg.norm(slope) * np.linalg.norm(step) and all(s @ t > 0 for s, t in parts)
    return abs(slope @ step) / np.abs(slope).sum(), down


def _slope(networks, x):
    """The gradient of the negative ELBO, by name of the weight."""
    rec, kl = networks.gradients(x)
    return {name: rec[name] + kl.get(name, 0) for name in rec}


def _steps(run, i, names):
    """What step `i` took off the weights."""
    return {name: run.networks.weights[name] - _after(run, i, name) for name in names}


def _flat(arrays, parts):
    """One vector of the arrays, by name of the weight, that belong to `parts` of the networks."""
    return np.concatenate([array.ravel() for name, array in arrays.items() if name.split(".")[0] in parts])


def _by_part(*vectors):
    """For the encoder and for the decoder, each of `vectors` as one."""
    return [[_flat(vector, part) for vector in vectors] for part in (_ENCODER, _DECODER)]


def _moved(run, i):
    """A Problem if step `i` of training left weights as they were."""
    still = {
        name.split(".")[0]
        for name, before in run.networks.weights.items()
        if not name.startswith("noise") and np.array_equal(_after(run, i, name), before)
    }
    if still:
        parts = [part for part, names in (("encoder", _ENCODER), ("decoder", _DECODER)) if still & set(names)]
        raise Problem(
            f"After fit, weights of the {' and of the '.join(parts)} are what they were before",
            mistake="loss.not_trained",
            got="unchanged weights",
            expected="every weight moved",
        )


def _compiled(run, batches, rng, ask):
    """A Problem if step 1, in a graph, moved weights in another way than the gradient, though right outside a graph."""
    now = run.networks
    for x in batches:
        slope = _slope(now, x)
        now = now._replace(weights=now.weights | {n: now.weights[n] - _RATE * slope[n] for n in slope})
    expected = {n: run.networks.weights[n] - now.weights[n] for n in slope}
    steps = _steps(run, 1, slope)
    right = all(
        np.abs(step - expected[n]).max() <= 0.01 * np.abs(expected[n]).max() + 3e-7 * np.abs(now.weights[n]).max()
        for n, step in steps.items()
    )
    # Some clip each batch's gradient: all steps are shorter then, and in between in direction.
    clipped = all(
        np.linalg.norm(a) < 0.9 * np.linalg.norm(b) and a @ b > 0.5 * np.linalg.norm(a) * np.linalg.norm(b)
        for a, b in _by_part(steps, expected)
    )
    if not right and not clipped and _right_gradients(rng, ask):
        raise Problem(
            "In a graph, as fit runs it, training moves the weights in another way than it does outside one.",
            got="other steps in a graph",
            expected="the same steps",
            next_step="Look for what is decided or kept in Python: a graph sees it once, when it is made.",
        )


def _right_gradients(rng, ask):
    """Does the check of the gradients pass? If not, what is wrong is its business."""
    try:
        gradients(rng, ask)
    except Problem:
        return False
    return True


def _epoch(run, batches, log, rng, ask):
    """A Problem unless the log of an epoch without movement holds the means over its batches."""
    each = [dict(zip(_KEYS[1:], run.networks.parts(b))) for b in batches]
    for e in each:
        e["loss"] = e["reconstruction"] + e["kl"]
    bad = [key for key in _KEYS if not _near(log[key], float(np.mean([e[key] for e in each])))]
    if not bad:
        return
    key = bad[0]
    mean = float(np.mean([e[key] for e in each]))
    if all(_near(log[k], each[-1][k]) for k in _KEYS):
        ids, next_step = ["loss.last_batch", None], None
    else:
        ids, next_step, _ = _by_value(rng, ask)
    raise Problem(
        _tell(f"The {key} that fit logs", log[key], mean) + ("" if ids[0] else "."),
        mistake=ids[0],
        also=ids[1],
        got=_nats(log[key]),
        expected=f"{_nats(mean)} nats per image",
        next_step=next_step,
    )


def _after(run, i, name):
    array = run.arrays.get(f"step{i}.{name}")
    if type(array) is not np.ndarray or array.shape != run.networks.weights[name].shape or array.dtype != np.float64:
        raise Problem("The weights after fit cannot be read.")
    return array


def sampling(rng, ask):
    """z comes from the sampling layer; encoder and decoder are those passed in."""
    _confirmed(lambda batches: _sampling(rng, ask, batches))


def _sampling(rng, ask, batches):
    shape, size, count = _COURSE, 16, 8
    data = {f"x{i}": draw.images(rng, count, shape) for i in range(batches)}
    run = _Run(rng, ask, shape, size, data, [{"do": "evaluate", "x": list(data), "batch_size": count, "quick": True}])
    logs, xs = run.logs(0, keys=("reconstruction",)), list(data.values())
    for x, log in zip(xs, logs):
        expected, _ = run.networks.parts(x)
        if not _near(log["reconstruction"], expected):
            ids = recognise.reconstruction([(run.networks, x, g["reconstruction"]) for x, g in zip(xs, logs)])
            ids = ids or _independent(rng, ask) or _listened(run, rng, ask)
            ids += [None, None]
            raise Problem(
                _tell("With a sampling layer of known noise, reconstruction", log["reconstruction"], expected)
                + ("" if ids[0] else "."),
                mistake=ids[0],
                also=ids[1],
                got=_nats(log["reconstruction"]),
                expected=f"{_nats(expected)} nats per image",
                next_step=None
                if ids[0]
                else "Follow an image from the encoder through the sampling layer to the decoder.",
            )


def _times(factor):
    return f"{factor if abs(factor) > 1e-5 else 0:.3g} times"


def gradients(rng, ask):
    """One plain gradient step moves every weight by the gradient of the negative ELBO."""
    shape, size, count = _COURSE, int(rng.choice(_SIZES)), 7  # no multiple of a size: a wrong axis is no factor
    x = draw.images(rng, count, shape)
    run = _Run(
        rng,
        ask,
        shape,
        size,
        {"x": x},
        [{"do": "fit", "x": "x", "batch_size": count, "rate": 1.0, "weights": True, "quick": True}],
    )
    run.step(0, "fit")
    rec, kl = run.networks.gradients(x)
    moved = _steps(run, 0, rec)

    if not all(np.isfinite(moved[n]).all() for n in rec):
        raise Problem(
            "A training step makes weights infinite or nan.",
            got="nan or inf",
            expected="finite weights",
            next_step="Look for a square root or a logarithm of zero, or an exponential that overflows: its value may "
            "do no harm where its gradient does.",
        )
    if all(
        np.abs(moved[n] - rec[n] - kl.get(n, 0)).max() < 5e-3 * (np.abs(rec[n] + kl.get(n, 0)).max() + 1e-3)
        for n in rec
    ):
        return

    def weigh(basis, target):
        weights, *_ = np.linalg.lstsq(np.stack(basis, 1), target, rcond=None)
        fits = np.abs(np.stack(basis, 1) @ weights - target).max() < 5e-3 * np.abs(np.concatenate(basis)).max()
        return weights if fits else None

    enc = weigh([_flat(rec, _ENCODER), _flat(kl, _ENCODER)], _flat(moved, _ENCODER))
    dec = weigh([_flat(rec, _DECODER)], _flat(moved, _DECODER))
    name, told = None, "One gradient step moves the weights in another direction than the gradient of the negative ELBO"
    if not _flat(moved, _ENCODER).any() and (dec is None or not dec.any()):
        name, told = "loss.not_trained", "One step of training moves no weight"
    elif enc is not None and dec is not None:
        a, b, c = *enc, dec[0]
        told = (
            f"In a training step the encoder follows {_times(a)} the gradient of the reconstruction and {_times(b)} "
            f"that of the KL, the decoder {_times(c)} that of the reconstruction; each should be 1 times"
        )
        if abs(a) < 1e-2 and abs(c) > 1e-2:
            name = "sampling.stop_gradient" if abs(b) > 1e-2 else "loss.not_trained"
        elif abs(a - c) < 1e-2 * max(1, abs(a)):
            name = recognise.weights_id(a, b, count, run.pixels, size)
        if name == "loss.kl_left_out":
            told += "; no gradient of the KL term arrives"
    next_step = None
    if name != "loss.not_trained":
        ids, next_step, right = _by_value(rng, ask)
        name = ids[0] or name  # what the numbers say is more precise
        if right and name == "loss.kl_left_out":
            name = "kl.no_gradient"
        elif right and enc is not None and dec is not None and np.ptp([*enc, *dec]) < 1e-2 * abs(dec[0]):
            if 0 < dec[0] < 1:
                return  # clipped: a shorter step of the right direction
            name, next_step = (
                None,
                "The numbers are right: see what happens to the gradients between the tape and the weights.",
            )
    raise Problem(told + ("" if name else "."), mistake=name, next_step=None if name else next_step)


def _by_value(rng, ask):
    """``[id, id]`` of mistakes that show in the numbers of evaluate or fit already, or Nones; a next step; are the numbers right?"""
    for check, next_step in (
        (functools.partial(_loss, batches=5), "First make the numbers of evaluate right."),
        (sampling, "First make the numbers of evaluate right."),
        (_training, "evaluate reports the right numbers: see what is done in another way in training."),
    ):
        try:
            check(rng, ask)
        except Problem as problem:
            return [problem.mistake, problem.also], None if problem.mistake else next_step, False
    return (
        [None, None],
        (
            "Outside a graph, evaluate and fit report the right numbers for one batch: "
            "see what happens from batch to batch, and what is decided in Python when a graph is made."
        ),
        True,
    )


def _training(rng, ask):
    """The three numbers that fit logs, on one batch at a time."""
    shape, count = _COURSE, 6
    data = {f"x{i}": draw.images(rng, count, shape) for i in range(5)}
    run = _Run(
        rng,
        ask,
        shape,
        5,
        data,
        [{"do": "fit", "x": name, "batch_size": count, "rate": 0.0, "quick": True} for name in data],
    )
    logs = [_read(run.step(i, "fit"), "fit") for i in range(len(data))]
    _check_numbers(run, list(data.values()), logs, rng, ask)


def images(rng, ask):
    """Image-shaped inputs, a latent space of one dimension, batches of 7 images and of 1."""
    shape, size, count, batch = (6, 5, 1), 1, 8, 7
    x = draw.images(rng, count, shape)
    steps = [
        {"do": "evaluate", "x": ["x"], "batch_size": batch, "quick": True},
        {"do": "predict", "x": "x", "batch_size": batch, "quick": True},
    ]
    run = _Run(rng, ask, shape, size, {"x": x}, steps)
    try:
        _uneven(run, x, batch)
    except Problem:
        _even(rng, ask, run, x)  # what is wrong with one batch already has another message
        raise


def _even(rng, ask, run, x):
    """A Problem unless the numbers are right for all images in one batch."""
    many = f"{len(x)} images of shape {run.shape}"
    again = _Run(
        None,
        ask,
        run.shape,
        run.size,
        {"x": x},
        [{"do": "evaluate", "x": ["x"], "batch_size": len(x)}],
        weights=run.networks.weights,
    )
    log = again.logs(0, f"evaluate on {many}")[0]
    rec, kl = run.networks.parts(x)
    for key, right in (("reconstruction", rec), ("kl", kl), ("loss", rec + kl)):
        if not _near(log[key], right):
            ids = _image_ids(rng, ask)
            raise Problem(
                _tell(f"For {many}, {key}", log[key], right) + ("" if ids[0] else "."),
                mistake=ids[0],
                also=ids[1],
                got=_nats(log[key]),
                expected=f"{_nats(right)} nats per image",
                next_step=None
                if ids[0]
                else "Which numbers in your function depend on the size of an image, of a batch, of the latent space?",
            )


def _uneven(run, x, batch):
    """A Problem unless batches of unequal size work."""
    try:
        log = run.logs(0, f"evaluate on {len(x)} images in batches of {batch}")[0]
        predicted = _reconstruction(run, 1, x)
    except Problem as problem:
        if "error" in run.steps[0]:
            problem.mistake = "sampling.batch_size"  # one batch of all images works, or is asked about next
        raise
    batches = np.split(x, range(batch, len(x), batch))
    each = [run.networks.parts(b) for b in batches]
    # A Mean tracker weighs batches equally unless told otherwise; Keras's own loss does not. Both are in use.
    means = [np.mean(each, axis=0), np.average(each, axis=0, weights=[len(b) for b in batches])]
    right = zip(*([m[0], m[1], m.sum()] for m in means))
    if not all(
        any(_near(log[key], value) for value in values) for key, values in zip(("reconstruction", "kl", "loss"), right)
    ):
        last = _near(log["loss"], sum(each[-1]))
        raise Problem(
            _tell(f"On {len(x)} images in batches of {batch}, loss", log["loss"], means[1].sum())
            + ("" if last else "."),
            mistake="loss.last_batch" if last else None,
            got=_nats(log["loss"]),
            expected=f"{_nats(means[1].sum())} nats per image",
            next_step=None if last else "What is reported should be the mean over all batches.",
        )
    if not predicted:
        raise Problem(
            f"predict in batches of {batch} returns numbers that are not the reconstructions of these images.",
            next_step="Follow an image from the encoder through the sampling layer to the decoder.",
        )


def _image_ids(rng, ask):
    """What explains wrong numbers on small images, from five batches of them."""
    shape, size, count = (6, 5, 1), 3, 8
    data = {f"x{i}": draw.images(rng, count, shape) for i in range(5)}
    try:
        run = _Run(
            rng,
            ask,
            shape,
            size,
            data,
            [{"do": "evaluate", "x": list(data), "batch_size": count, "quick": True}],
            traced=True,
        )
        _check_numbers(run, list(data.values()), run.logs(0), rng, ask)
    except Problem as problem:
        return [problem.mistake, problem.also]
    return [None, None]


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (builds, loss, fit, sampling, gradients, images)}
