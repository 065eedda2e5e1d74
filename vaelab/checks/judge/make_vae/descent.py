"""Check ``gradients``: does training follow the gradient of the negative ELBO?"""

import numpy as np

from vaelab.checks.judge import draw, recognise
from vaelab.checks.judge.make_vae.diagnose import unused
from vaelab.checks.judge.make_vae.numbers import by_value
from vaelab.checks.judge.make_vae.run import COURSE, DECODER, ENCODER, LARGE, SIZES, Run, near, wrong_number
from vaelab.checks.judge.make_vae.steps import by_part, flat, slope_of, taken_off
from vaelab.checks.judge.problem import Asker, Problem

#: Relative difference up to which two gradients are the same, and an absolute one for gradients near zero.
GRADIENT, NEARLY_NONE = 5e-3, 1e-3


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
    moved = taken_off(run, i, rec)
    return all(
        np.abs(moved[n] - rec[n] - kl.get(n, 0)).max() < GRADIENT * (np.abs(rec[n] + kl.get(n, 0)).max() + NEARLY_NONE)
        for n in rec
    )


def _follows_the_gradient(run, x, rng, ask):
    """A Problem unless step 1, on the images `x`, went down the gradient of the negative ELBO, or that way and less far."""
    rec, kl = run.networks.gradients(x)
    moved = taken_off(run, 1, rec)
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
    encoder = _weigh([flat(rec, ENCODER), flat(kl, ENCODER)], flat(moved, ENCODER))
    decoder = _weigh([flat(rec, DECODER)], flat(moved, DECODER))
    factors = None if encoder is None or decoder is None else (*encoder, *decoder)
    name, sentence = _said_of(factors, not any(moved[n].any() for n in rec), len(x), run)
    next_step = None
    if name != "loss.not_trained":
        ids, next_step, right = by_value(rng, ask)
        if right and factors is not None and np.ptp(factors) < 1e-2 * abs(factors[2]):
            if 0 < factors[2] < 1:
                return  # clipped: a shorter step of the right direction
            name = "loss.vector" if abs(factors[2] / len(x) - 1) < 1e-2 else None
            next_step = "The numbers are right: see what happens to the gradients between the tape and the weights."
        else:
            if right:
                next_step = (
                    "The numbers are right, so look at the way back, from the loss to the weights: where is a gradient "
                    "stopped or changed, and how often is a step taken?"
                )
            if name == "loss.kl_left_out":  # no gradient arrives; what is reported says whether the KL is there at all
                name = "kl.no_gradient" if right else None
            if name == "loss.weighted" and not right:
                name = None  # weights would have shown in the numbers, which are wrong in another way
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
    moved = by_part(taken_off(run, 2, rec), slope_of(run.networks, x))
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
