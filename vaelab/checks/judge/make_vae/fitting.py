"""Check ``fit``: does training move the weights, and log the right numbers?"""

import math

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.make_vae.descent import gradients
from vaelab.checks.judge.make_vae.diagnose import unused
from vaelab.checks.judge.make_vae.numbers import by_value
from vaelab.checks.judge.make_vae.run import COURSE, DECODER, ENCODER, KEYS, SIZES, Run, near, read, wrong_number
from vaelab.checks.judge.make_vae.steps import by_part, slope_of, taken_off
from vaelab.checks.judge.problem import Asker, Problem

#: Learning rate of plain gradient steps in a graph: the loss stays finite, and the steps are seen in float32.
RATE = 1e-5
#: How far one step of an optimiser takes a weight, at least and at most. Adam's steps are its learning rate, which is
#: 1e-5 to 1 in any use; other optimisers go up to forty times as far.
REACH = 1.2e-7, 100.0
#: Steps after which a learning rate that starts at zero has risen, in any schedule in use.
LATER = (1, 11, 119, 1199, 11999)


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
            ids, next_step, _ = by_value(rng, ask)
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
    slope = slope_of(run.networks, x)
    parts = by_part(slope, taken_off(run, i, slope))
    slope, step = (np.concatenate(both) for both in zip(*parts))
    if not np.isfinite(step).all():
        return math.inf, False
    # Of random steps in so many dimensions none comes near an angle of 0.05; Adam's have 0.3 and more.
    down = slope @ step > 0.05 * np.linalg.norm(slope) * np.linalg.norm(step) and all(s @ t > 0 for s, t in parts)
    return abs(slope @ step) / np.abs(slope).sum(), down


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
    steps, largest = taken_off(run, 1, expected), {n: np.abs(run.networks.weights[n]).max() for n in expected}

    def taken(path):
        return all(
            np.abs(step - path[n]).max() <= 0.01 * np.abs(path[n]).max() + 3e-7 * largest[n]
            for n, step in steps.items()
        )

    # Some clip each batch's gradient: all steps are shorter then, and in between in direction.
    clipped = all(
        np.linalg.norm(a) < 0.9 * np.linalg.norm(b) and a @ b > 0.5 * np.linalg.norm(a) * np.linalg.norm(b)
        for a, b in by_part(steps, expected)
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
        slope = slope_of(now, x)
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
    bad = [key for key in KEYS if not near(log[key], means[key])]
    if not bad:
        return
    key = bad[0]
    if all(near(log[k], each[-1][k]) for k in bad):
        ids, next_step = ["loss.last_batch"], None
    else:
        ids, next_step, _ = by_value(rng, ask)
    raise wrong_number("fit", key, log[key], means[key], ids, next_step)
