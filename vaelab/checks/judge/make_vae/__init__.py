"""Checks of ``make_vae(input_shape, encoder, decoder, sampling_layer)``.

The probe hands in small networks whose weights come from here and whose noise is a known
function of z_mean and z_log_var, so every number that the model reports is known exactly.
First a check looks whether the model is right, which takes one request; only if it is not,
further requests find out what is wrong.
"""

import functools

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.make_vae.descent import gradients
from vaelab.checks.judge.make_vae.diagnose import explained, listened, unused
from vaelab.checks.judge.make_vae.fitting import fit
from vaelab.checks.judge.make_vae.numbers import images, loss, sampling
from vaelab.checks.judge.make_vae.run import COURSE, Run
from vaelab.checks.judge.problem import Asker, Problem, with_mistakes


def builds(rng: np.random.Generator, ask: Asker) -> None:
    """A compiled keras.Model whose predict gives images."""
    count = 7
    x = draw.images(rng, count, COURSE)
    run = Run(rng, ask, COURSE, 2, {"x": x}, [{"do": "predict", "x": "x", "batch_size": count}])
    if run.model.get("compiled") is not True:
        raise Problem(
            "The model is not compiled, so it has no optimiser to train it.",
            got="not compiled",
            expected="a compiled model",
            next_step="Call compile, with an optimiser, before you return the model.",
        )
    if not run.reconstructs(0, x):
        raise with_mistakes(
            "predict returns other numbers than the parts that were passed in give for these images",
            unused(rng, ask) or listened(run, rng, ask),
            next_step="Follow an image from the encoder through the sampling layer to the decoder.",
        )


def _explaining(check):
    """`check`, which explains exceptions in the student's model."""

    @functools.wraps(check)
    def wrapped(rng, ask):
        with explained(rng, ask):
            check(rng, ask)

    return wrapped


CHECKS = {f"make_vae.{f.__name__}": _explaining(f) for f in (builds, loss, fit, sampling, gradients, images)}
