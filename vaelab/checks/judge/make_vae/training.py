"""Does training follow the gradient of the negative ELBO, and log the right numbers?"""

import functools
import math

import numpy as np

from vaelab.checks.judge import draw, recognise
from vaelab.checks.judge.make_vae.diagnose import unused
from vaelab.checks.judge.make_vae.numbers import check_numbers, loss_of, sampling
from vaelab.checks.judge.make_vae.run import COURSE, DECODER, ENCODER, KEYS, LARGE, SIZES, Run, near, read, wrong_number
from vaelab.checks.judge.problem import Asker, Problem

#: Learning rate of plain gradient steps in a graph: the loss stays finite, and the steps are seen in float32.
RATE = 1e-5
#: How far one step of an optimiser takes a weight, at least and at most. Adam's steps are its learning rate, which is
#: 1e-5 to 1 in any use; other optimisers go up to forty times as far.
REACH = 1.2e-7, 100.0
#: Steps after which a learning rate that starts at zero has risen, in any schedule in use.
LATER = (1, 11, 119, 1199, 11999)
#: Relative difference up to which two gradients are the same, and an absolute one for gradients near zero.
GRADIENT, NEARLY_NONE = 5e-3, 1e-3


def fit(rng: np.random.Generator, ask: Asker) -> None:
    """Training moves encoder and decoder; its log holds means over the epoch."""
    size, batch = int(rng.choice(SIZES)), 4
    data = {"x": draw.images(rng, 3 * batch, COURSE), "x_val": draw.images(rng, batch, COURSE)}
    data["x"] = data["x"][np.argsort(data["x"].mean(axis=1))]  # batches unlike one another
    common = {"do": "fit", "batch_size": batch, "weights": True, "quick": True}
    # The second in a graph, as students run it. Without the optimiser's own rule: its graph takes long to make.
    graph = {"x": "x", "x_val": "x_val", "rate": 0.0, "then": RATE, "graph": True}
    run = Run(rng, ask, COURSE, size, data, [{**common, "x": "x_val"}, {**common, **graph}])
    run.step(0, "fit")
    what = "fit with validation_data"
    log = read(run.step(1, f"{what}=(x_val, None)"), what, (*KEYS, *(f"val_{key}" for key in KEYS)))
    _trains(run, data["x_val"], rng, ask)
    batches = np.split(data["x"], 3)
    _epoch(run, batches, log, rng, ask)
    rec, kl = run.networks.parts(data["x_val"])
    for key, right in zip(KEYS, (rec + kl, rec, kl)):
        if not near(log[f"val_{key}"], right):
            ids, next_step, _ = _by_value(rng, ask)
            raise wrong_number("fit", f"val_{key}", log[f"val_{key}"], right, ids, next_step)
    _compiled(run, batches, rng, ask)


def _trains(run, x, rng, ask):
    """A Problem unless the model's own optimiser, in step 0 on the images `x`, takes a step that training could be made of.

    It goes down the gradient, and neither leaps nor stays. As a schedule may begin with
    nothing, a step that stays is asked for again further on.
    """
    (reach, down), i, least = _taken(run, x, 0), 0, REACH[0]
    if reach < least:
        least *= 7  # Adam, told that its averages are long-standing while they are not, goes six times as far
        step = {"do": "fit", "x": "x", "batch_size": len(x), "weights": True, "quick": True}
        later = [{**step, "iterations": number} for number in LATER]
        run = Run(None, ask, run.shape, run.size, {"x": x}, later, weights=run.networks.weights)
        steps = [(*_taken(run, x, i), i) for i in range(len(later)) if run.step(i, "fit")]
        reach, down, i = max(steps, key=lambda step: step[0])
    _moved(run, i, rng, ask)
    what = (
        "hardly moves the weights"
        if reach < least
        else "leaves every minimum far behind"
        if not reach < REACH[1]
        else None
        if down
        else "does not go down the gradient of the loss"
    )
    if what and _right_gradients(rng, ask):
        raise Problem(
            f"A training step with the model's own optimiser {what}",
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
    return {name: run.networks.weights[name] - run.after(i, name) for name in names}


def _flat(arrays, parts):
    """One vector of the arrays, by name of the weight, that belong to `parts` of the networks."""
    return np.concatenate([array.ravel() for name, array in arrays.items() if name.split(".")[0] in parts])


def _by_part(*vectors):
    """For the encoder and for the decoder, each of `vectors` as one."""
    return [[_flat(vector, part) for vector in vectors] for part in (ENCODER, DECODER)]


def _moved(run, i, rng, ask):
    """A Problem if step `i` of training left weights as they were."""
    still = {
        name.split(".")[0]
        for name, before in run.networks.weights.items()
        if not name.startswith("noise") and np.array_equal(run.after(i, name), before)
    }
    if still:
        parts = [part for part, names in (("encoder", ENCODER), ("decoder", DECODER)) if still & set(names)]
        raise Problem(
            f"After fit, weights of the {' and of the '.join(parts)} are what they were before",
            mistake=(unused(rng, ask) or ["loss.not_trained"])[0],
            got="unchanged weights",
            expected="every weight moved",
        )


def _compiled(run, batches, rng, ask):
    """A Problem if step 1, in a graph, moved weights by the sum over the images, or in another way than outside a graph."""
    expected = _descended(run.networks, batches, RATE)
    steps, largest = _steps(run, 1, expected), {n: np.abs(run.networks.weights[n]).max() for n in expected}

    def taken(path):
        return all(
            np.abs(step - path[n]).max() <= 0.01 * np.abs(path[n]).max() + 3e-7 * largest[n]
            for n, step in steps.items()
        )

    # Some clip each batch's gradient: all steps are shorter then, and in between in direction.
    clipped = all(
        np.linalg.norm(a) < 0.9 * np.linalg.norm(b) and a @ b > 0.5 * np.linalg.norm(a) * np.linalg.norm(b)
        for a, b in _by_part(steps, expected)
    )
    if taken(expected) or clipped:
        return
    if taken(_descended(run.networks, batches, RATE * len(batches[0]))):
        raise Problem(
            f"With batches of {len(batches[0])} images, training steps are {len(batches[0])} times what they should be",
            mistake="loss.vector",
            got=f"{len(batches[0])} times the gradient",
            expected="the gradient of the mean over the images",
        )
    if _right_gradients(rng, ask):
        raise Problem(
            "In a graph, as fit runs it, training moves the weights in another way than it does outside one.",
            got="other steps in a graph",
            expected="the same steps",
            next_step="Look for what is decided or kept in Python: a graph sees it once, when it is made.",
        )


def _descended(networks, batches, rate):
    """What plain gradient descent takes off each weight, a step for each batch."""
    now = networks
    for x in batches:
        slope = _slope(now, x)
        now = now._replace(weights=now.weights | {n: now.weights[n] - rate * slope[n] for n in slope})
    return {n: networks.weights[n] - now.weights[n] for n in slope}


def _right_gradients(rng, ask):
    """Does the check of the gradients pass? If not, what is wrong is its business."""
    try:
        gradients(rng, ask)
    except Problem:
        return False
    return True


def _epoch(run, batches, log, rng, ask):
    """A Problem unless the log of an epoch without movement holds the means over its batches."""
    each = [dict(zip(KEYS[1:], run.networks.parts(b))) for b in batches]
    for e in each:
        e["loss"] = e["reconstruction"] + e["kl"]
    means = {key: float(np.mean([e[key] for e in each])) for key in KEYS}
    key = next((key for key in KEYS if not near(log[key], means[key])), None)
    if key is None:
        return
    if all(near(log[k], each[-1][k]) for k in KEYS):
        ids, next_step = ["loss.last_batch"], None
    else:
        ids, next_step, _ = _by_value(rng, ask)
    raise wrong_number("fit", key, log[key], means[key], ids, next_step)


def gradients(rng: np.random.Generator, ask: Asker) -> None:
    """One plain gradient step moves every weight by the gradient of the negative ELBO, and nothing else that counts."""
    size, count = int(rng.choice(SIZES)), 7  # no multiple of a size: a wrong axis is no factor
    data = {"x": draw.images(rng, count, COURSE), "many": draw.images(rng, int(rng.integers(*LARGE)), COURSE)}
    steps = [
        {"do": "fit", "x": name, "batch_size": len(x), "rate": 1.0, "weights": True, "quick": True}
        for name, x in data.items()
    ]
    evaluate = {"do": "evaluate", "x": ["x"], "batch_size": count, "quick": True}
    run = Run(rng, ask, COURSE, size, data, [evaluate, *steps, evaluate])
    run.step(1, "fit")
    _follows_the_gradient(run, data["x"], rng, ask)
    _follows_it_with_many(run, data["many"])
    _nothing_else_is_trained(run)


def _right_step(run, i, rec, kl):
    """Did step `i` move each weight by the sum of both gradients?"""
    moved = _steps(run, i, rec)
    return all(
        np.abs(moved[n] - rec[n] - kl.get(n, 0)).max() < GRADIENT * (np.abs(rec[n] + kl.get(n, 0)).max() + NEARLY_NONE)
        for n in rec
    )


def _follows_the_gradient(run, x, rng, ask):
    """A Problem unless step 1, on the images `x`, went down the gradient of the negative ELBO, or that way and less far."""
    rec, kl = run.networks.gradients(x)
    moved = _steps(run, 1, rec)
    if not all(np.isfinite(moved[n]).all() for n in rec):
        raise Problem(
            "A training step makes weights infinite or nan.",
            got="nan or inf",
            expected="finite weights",
            next_step="Look for a square root or a logarithm of zero, or an exponential that overflows: its value may "
            "do no harm where its gradient does.",
        )
    if _right_step(run, 1, rec, kl):
        return
    encoder = _weigh([_flat(rec, ENCODER), _flat(kl, ENCODER)], _flat(moved, ENCODER))
    decoder = _weigh([_flat(rec, DECODER)], _flat(moved, DECODER))
    factors = None if encoder is None or decoder is None else (*encoder, *decoder)
    name, sentence = _said_of(factors, not any(moved[n].any() for n in rec), len(x), run)
    next_step = None
    if name != "loss.not_trained":
        ids, next_step, right = _by_value(rng, ask)
        if right and factors is not None and np.ptp(factors) < 1e-2 * abs(factors[2]):
            if 0 < factors[2] < 1:
                return  # clipped: a shorter step of the right direction
            name = "loss.vector" if abs(factors[2] / len(x) - 1) < 1e-2 else None
            next_step = "The numbers are right: see what happens to the gradients between the tape and the weights."
        else:
            if name == "loss.kl_left_out":  # no gradient arrives; what is reported says whether the KL is there at all
                name = "kl.no_gradient" if right else None
            name = ids[0] or name  # numbers say more
    else:
        name = (unused(rng, ask) or [name])[0]
    raise Problem(sentence + ("" if name else "."), mistake=name, next_step=None if name else next_step)


def _weigh(basis, target):
    """Weights with which the vectors of `basis` add up to `target`, or None."""
    weights, *_ = np.linalg.lstsq(np.stack(basis, 1), target, rcond=None)
    fits = np.abs(np.stack(basis, 1) @ weights - target).max() < GRADIENT * np.abs(np.concatenate(basis)).max()
    return weights if fits else None


def _said_of(factors, still, count, run):
    """``(id or None, sentence)`` for a step that followed so much of the gradients: of the encoder's two, of the decoder's."""
    if still or (factors is not None and not any(factors)):
        return "loss.not_trained", "One step of training moves no weight"
    if factors is None:
        return None, "One gradient step moves the weights in another direction than the gradient of the negative ELBO"
    a, b, c = factors
    sentence = (
        f"In a training step the encoder follows {_times(a)} the gradient of the reconstruction and {_times(b)} "
        f"that of the KL, the decoder {_times(c)} that of the reconstruction; each should be 1 times"
    )
    name = None
    if abs(a) < 1e-2 and abs(c) > 1e-2:
        name = "sampling.stop_gradient" if abs(b) > 1e-2 else "loss.not_trained"
    elif abs(a - c) < 1e-2 * max(1, abs(a)):
        name = recognise.weights_id(a, b, count, run.pixels, run.size)
    return name, sentence + ("; no gradient of the KL term arrives" if name == "loss.kl_left_out" else "")


def _times(factor):
    return f"{factor if abs(factor) > 1e-5 else 0:.3g} times"


def _follows_it_with_many(run, x):
    """A Problem unless step 2, on as many images as training uses, went down the gradient, or that way and less far."""
    run.step(2, f"fit with a batch of {len(x)}")
    rec, kl = run.networks.gradients(x)
    moved = _by_part(_steps(run, 2, rec), _slope(run.networks, x))
    shorter = all(
        np.linalg.norm(a) < np.linalg.norm(b) and a @ b > 0.5 * np.linalg.norm(a) * np.linalg.norm(b) for a, b in moved
    )
    if not _right_step(run, 2, rec, kl) and not shorter:
        raise Problem(
            f"With a batch of {len(x)} images, a training step moves the weights in another way than the gradient of the "
            "negative ELBO; with 7 images it does not.",
            next_step="Which numbers in your function depend on how many images there are?",
        )


def _nothing_else_is_trained(run: Run) -> None:
    """A Problem unless the loss, with the old weights put back after two steps of training, is the old one."""
    if any("error" in run.steps[i] for i in (0, 3)):
        return  # what is wrong with evaluate is the business of other checks
    before, after = (run.logs(i, keys=("loss",))[0]["loss"] for i in (0, 3))
    if not near(after, before):
        raise wrong_number(
            "With the weights of before put back into encoder and decoder after training, evaluate",
            "loss",
            after,
            before,
            ["loss.trained_weight"],
        )


def _by_value(rng, ask):
    """``[id, id]`` of mistakes that show in the numbers of evaluate or fit already, or Nones; a next step; are the numbers right?"""
    for check, next_step in (
        (functools.partial(loss_of, batches=5), "evaluate reports wrong numbers too: first make those right."),
        (sampling, "evaluate reports wrong numbers too: first make those right."),
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
    count = 6
    data = {f"x{i}": draw.images(rng, count, COURSE) for i in range(5)}
    steps = [{"do": "fit", "x": name, "batch_size": count, "rate": 0.0, "quick": True} for name in data]
    run = Run(rng, ask, COURSE, 5, data, steps)
    logs = [read(run.step(i, "fit"), "fit") for i in range(len(data))]
    check_numbers(run, list(data.values()), logs, rng, ask)
