"""Are the numbers right that a model reports without training? And if not, which mistake explains them?"""

from collections.abc import Callable

import numpy as np

from vaelab.checks.judge import draw, recognise
from vaelab.checks.judge.make_vae.diagnose import listened, unused
from vaelab.checks.judge.make_vae.run import COURSE, KEYS, LARGE, Run, near, read, telling_networks, wrong_number
from vaelab.checks.judge.problem import Asker, Problem


def confirmed(attempt: Callable[[int], None]) -> None:
    """Call ``attempt(1)``; if that finds a Problem, ``attempt(5)``, and fail either way.

    One batch tells right from wrong, and every evaluation takes its time; to recognise
    *what* is wrong takes several numbers, so that only the second attempt looks for mistakes.
    """
    try:
        attempt(1)
    except Problem as problem:
        attempt(5)
        problem.mistake = problem.also = None  # right this time
        problem.next_step = "The same check passed a moment later: look for what is random besides the sampling layer."
        raise


def loss(rng: np.random.Generator, ask: Asker) -> None:
    """The three numbers that evaluate reports, on one batch at a time."""
    confirmed(lambda batches: of_five_batches(rng, ask) if batches > 1 else loss_of(rng, ask, 1))
    _sure_of_black(rng, ask)


#: Other images came out right before these.
_NEXT_STEP_FOR_BLACK = {
    "kl": "For other images the number is right: see what else than z_mean and z_log_var it depends on.",
    "reconstruction": "For other pixels the number is right: look for what moves probabilities near 0 and 1, such as a limit or "
    "a number that is added, and how large it is.",
    "loss": "Both parts are right here, and with other images the loss is right as well: how do the parts combine, and for which values?",
}


def _sure_of_black(rng, ask):
    """A Problem unless the numbers are right where pixels are black and the decoder is nearly sure that they are.

    So are most pixels of the course's images after training. What keeps probabilities away from 0 costs a little for each;
    a ten-thousandth and less passes.
    """
    count, black, probability = 6, rng.permutation(COURSE[0])[:300], 4e-5
    x = draw.images(rng, count, COURSE)
    x[:, black] = 0
    weights = dict(telling_networks(rng, COURSE, 5, {"x": x}).weights)
    weights["pixels.kernel"] = weights["pixels.kernel"] * np.where(np.isin(np.arange(COURSE[0]), black), 0.25, 1)
    weights["pixels.bias"] = weights["pixels.bias"].copy()
    weights["pixels.bias"][black] = float(np.float32(np.log(probability)))
    step = {"do": "evaluate", "x": ["x"], "batch_size": count, "quick": True}
    run = Run(None, ask, COURSE, 5, {"x": x}, [step], weights=weights)
    log = run.logs(0)[0]
    for key, right in reversed(_expected(run, x).items()):
        if not near(log[key], right):
            raise wrong_number(
                "For images with black pixels that the decoder is nearly sure of, evaluate",
                key,
                log[key],
                right,
                next_step=_NEXT_STEP_FOR_BLACK[key],
            )


def of_five_batches(rng: np.random.Generator, ask: Asker) -> None:
    """A Problem, with its mistake, unless the numbers of five batches are right; several checks want to know it."""
    ask.once("five batches", lambda: loss_of(rng, ask, 5))


def loss_of(rng: np.random.Generator, ask: Asker, batches: int) -> None:
    """A Problem unless the numbers are right for so many batches; of several, its mistake as well."""
    count = 6
    data = {f"x{i}": draw.images(rng, count, COURSE) for i in range(batches)}
    step = {"do": "evaluate", "x": list(data), "batch_size": count, "quick": batches > 1}
    run = Run(rng, ask, COURSE, 5, data, [step], traced=True)
    check_numbers(run, list(data.values()), run.logs(0), rng, ask, explain=batches > 1)


def _expected(run, x):
    reconstruction, kl = run.networks.parts(x)
    return {"loss": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}


def check_numbers(
    run: Run, xs: list[np.ndarray], logs: list[dict], rng: np.random.Generator, ask: Asker, explain: bool = True
) -> None:
    """A Problem unless the three numbers are right in every evaluation; with ``explain``, its mistake as well."""
    expected = [_expected(run, x) for x in xs]
    bad = [key for key in KEYS if any(not near(log[key], e[key]) for log, e in zip(logs, expected))]
    if not bad:
        return
    zero = [key for key in bad if not any(log[key] for log in logs)]
    if zero and zero == bad:  # all else is right, or there is nothing else: what is missing are the reports
        raise Problem(
            f"evaluate reports 0 for {' and '.join(zero)}",
            mistake="loss.not_tracked",
            got="0",
            expected="nats per image",
        )
    ids = (_named(run, xs, logs, bad) or unused(rng, ask) or listened(run, rng, ask)) if explain else []
    blamed = next((key for key in ("reconstruction", "kl") if key in bad), "loss")
    pairs = [(log[blamed], e[blamed]) for log, e in zip(logs, expected)]
    raise wrong_number(
        "evaluate",
        blamed,
        *max(pairs, key=lambda pair: abs(pair[0] - pair[1])),
        ids,
        next_step="Work out both parts for one image by hand, from the encoder's and decoder's outputs.",
        unnamed=" The mistake was not recognised.",
    )


def _named(run, xs, logs, bad):
    """Ids of the mistakes that the numbers themselves show; or []."""
    cases = {key: [(run.networks, x, log[key]) for x, log in zip(xs, logs)] for key in KEYS}
    if bad == ["loss"]:
        return [i for i in [recognise.loss(cases["loss"], len(xs[0]), run.size)] if i]
    ids = recognise.reconstruction(cases["reconstruction"]) if "reconstruction" in bad else []
    ids += recognise.kl_number(cases["kl"]) if "kl" in bad else []
    if ids[:1] == ["loss.pixel_mean"]:  # what follows from it depends on what the KL term is
        weights = recognise.weights(cases["loss"])
        if weights is not None:
            ids = [recognise.pixel_mean_id(*weights, run.pixels)]
    return ids


def sampling(rng: np.random.Generator, ask: Asker) -> None:
    """z comes from the sampling layer; encoder and decoder are those passed in."""
    confirmed(lambda batches: _sampling(rng, ask, batches))


def _sampling(rng, ask, batches):
    size, count = 16, 8
    data = {f"x{i}": draw.images(rng, count, COURSE) for i in range(batches)}
    run = Run(rng, ask, COURSE, size, data, [{"do": "evaluate", "x": list(data), "batch_size": count, "quick": True}])
    logs, xs = run.logs(0, keys=("reconstruction",)), list(data.values())
    for x, log in zip(xs, logs):
        right, _ = run.networks.parts(x)
        if not near(log["reconstruction"], right):
            raise wrong_number(
                "With a sampling layer of known noise, evaluate",
                "reconstruction",
                log["reconstruction"],
                right,
                _sampling_ids(run, xs, logs, rng, ask) if batches > 1 else [],
                next_step="Follow an image from the encoder through the sampling layer to the decoder.",
            )


def _sampling_ids(run, xs, logs, rng, ask):
    """What explains wrong reconstructions with a sampling layer of known noise."""
    ids = recognise.reconstruction([(run.networks, x, log["reconstruction"]) for x, log in zip(xs, logs)])
    if ids[:1] == ["loss.pixel_mean"]:
        ids = _ids_of(lambda: of_five_batches(rng, ask))
    return ids or unused(rng, ask) or listened(run, rng, ask)


def _ids_of(attempt):
    """Ids of the mistakes that a check finds; or []."""
    try:
        attempt()
    except Problem as problem:
        return [i for i in (problem.mistake, problem.also) if i]
    return []


def images(rng: np.random.Generator, ask: Asker) -> None:
    """Image-shaped inputs, a latent space of one dimension, batches of 7 images and of 1; then many colour images."""
    shape, size, count, batch = (6, 5, 1), 1, 8, 7
    x = draw.images(rng, count, shape)
    steps = [
        {"do": "evaluate", "x": ["x"], "batch_size": batch, "quick": True},
        {"do": "predict", "x": "x", "batch_size": batch, "quick": True},
    ]
    run = Run(rng, ask, shape, size, {"x": x}, steps)
    try:
        _uneven(run, x, batch)
    except Problem:
        _even(rng, ask, run, x)  # what is wrong with one batch already has another message
        raise
    _many_in_colour(rng, ask)


def _even(rng, ask, run, x):
    """A Problem unless the numbers are right for all images in one batch."""
    many = f"{len(x)} images of shape {run.shape}"
    step = {"do": "evaluate", "x": ["x"], "batch_size": len(x)}
    again = Run(None, ask, run.shape, run.size, {"x": x}, [step], weights=run.networks.weights)
    _all_right(again, again.logs(0, f"evaluate on {many}")[0], x, many, lambda: _image_ids(rng, ask))


def _all_right(run, log, x, many, ids):
    """A Problem unless the three numbers are right; ``ids()`` says what explains them."""
    for key, right in reversed(_expected(run, x).items()):
        if not near(log[key], right):
            raise wrong_number(
                f"For {many}, evaluate",
                key,
                log[key],
                right,
                ids(),
                next_step="Which numbers in your function depend on the size of an image, of a batch, of the latent space?",
            )


def _uneven(run, x, batch):
    """A Problem unless batches of unequal size work."""
    try:
        log = run.logs(0, f"evaluate on {len(x)} images in batches of {batch}")[0]
        predicted = run.reconstructs(1, x)
    except Problem as problem:
        if "error" in run.steps[0]:
            problem.mistake = "sampling.batch_size"  # all images in one batch work, or that is asked about next
        raise
    batches = np.split(x, range(batch, len(x), batch))
    each = [run.networks.parts(b) for b in batches]
    # A Mean tracker weighs batches equally unless told otherwise; Keras's own loss does not. Both are in use.
    means = [np.mean(each, axis=0), np.average(each, axis=0, weights=[len(b) for b in batches])]
    right = zip(*([m[0], m[1], m.sum()] for m in means))
    right = dict(zip(("reconstruction", "kl", "loss"), right))
    bad = [key for key, values in right.items() if not any(near(log[key], value) for value in values)]
    if bad:
        last = dict(zip(right, [*each[-1], sum(each[-1])]))
        raise wrong_number(
            f"On {len(x)} images in batches of {batch}, evaluate",
            bad[0],
            log[bad[0]],
            right[bad[0]][1],
            ["loss.last_batch"] if all(near(log[key], last[key]) for key in bad) else [],
            next_step="What is reported should be the mean over all batches.",
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
    step = {"do": "evaluate", "x": list(data), "batch_size": count, "quick": True}

    def attempt():
        run = Run(rng, ask, shape, size, data, [step], traced=True)
        check_numbers(run, list(data.values()), run.logs(0), rng, ask)

    return _ids_of(attempt)


def _many_in_colour(rng, ask):
    """A Problem unless the numbers are right for one large batch of images with three channels, of sizes that nobody can guess."""
    count, size = int(rng.integers(LARGE[0], LARGE[1] + 1)), int(rng.integers(6, 12))
    shape = (int(rng.integers(3, 6)), int(rng.integers(6, 9)), 3)
    x = draw.images(rng, count, shape)
    steps = [
        {"do": "evaluate", "x": ["x"], "batch_size": count, "quick": True},
        {"do": "predict", "x": "x", "batch_size": count, "quick": True},
    ]
    run = Run(rng, ask, shape, size, {"x": x}, steps)
    many = f"{count} images of shape {shape} in one batch"
    _all_right(run, run.logs(0, f"evaluate on {many}")[0], x, many, list)
    if not run.reconstructs(1, x):
        raise Problem(
            f"On {many}, predict returns numbers that are not the reconstructions of these images.",
            next_step="Which numbers in your function depend on the size of an image, of a batch, of the latent space?",
        )


def by_value(rng: np.random.Generator, ask: Asker) -> tuple[list[str | None], str | None, bool]:
    """``[id, id]`` of mistakes that show in the numbers of evaluate or fit already, or Nones; a next step; are the numbers right?"""
    return ask.once("by value", lambda: _by_value(rng, ask))


def _by_value(rng, ask):
    for check, next_step in (
        (of_five_batches, "evaluate reports wrong numbers too: first make those right."),
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
