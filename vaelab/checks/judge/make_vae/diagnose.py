"""Why a model fails before its numbers are looked at: experiments on the student's function, each with one meaning."""

import contextlib
from collections.abc import Iterator

import numpy as np

from vaelab.checks.judge import draw, recognise
from vaelab.checks.judge.make_vae.run import COURSE, Run
from vaelab.checks.judge.problem import Asker, Problem
from vaelab.checks.judge.reply import item, tensor

#: Latent dimensions and images of an experiment: the course's own, since code that wrongly uses those fits no others.
_SIZE, _COUNT = 2, 6


def _experiment(rng, ask, *steps):
    """A run of `steps` on a few images of the course's shape; None if make_vae itself fails."""
    x = draw.images(rng, _COUNT, COURSE)
    try:
        return Run(rng, ask, COURSE, _SIZE, {"x": x}, [{"batch_size": _COUNT, **step} for step in steps], traced=False)
    except Problem:
        return None


def unused(rng: np.random.Generator, ask: Asker) -> list[str]:
    """["loss.not_the_parts"] if `evaluate` never runs the encoder or the decoder that was passed in; else []."""
    run = _experiment(rng, ask, {"do": "listen", "x": "x", "times": 1})
    ran = run.steps[0].get("ran") if run else None
    if not isinstance(ran, dict):
        return []
    return ["loss.not_the_parts"] if any(ran.get(part) == 0 for part in ("encoder", "decoder")) else []


@contextlib.contextmanager
def explained(rng: np.random.Generator, ask: Asker) -> Iterator[None]:
    """An exception in the student's model gets the mistake behind it, where an experiment shows which."""
    try:
        yield
    except Problem as problem:
        if problem.mistake is None and problem.bare and not problem.message.startswith("make_vae raised"):
            problem.mistake = _cause(rng, ask, problem.message)
            if problem.mistake:
                problem.message = problem.bare
        raise


def _cause(rng, ask, message):
    """The id of the mistake that makes a model raise `message`, or None."""
    if "does not have a `call()` method" in message:
        return "loss.no_evaluate"
    evaluate = {"do": "evaluate", "x": ["x"]}
    run = _experiment(
        rng, ask, {"do": "call", "x": "x"}, evaluate, {**evaluate, "y": True}, {"do": "listen", "x": "x", "times": 1}
    )
    if run is None:
        return None
    called, without, with_y, listened = run.steps
    output = called.get("output")
    if isinstance(output, dict) and output.get("kind") == "none":
        return "loss.call_returns_nothing"
    ran = listened.get("ran")
    if isinstance(ran, dict) and any(ran.get(part) == 0 for part in ("encoder", "decoder")):
        return "loss.not_the_parts"
    if "error" in without and "error" not in with_y:
        # A shape such as (None, 784) speaks of batches of any size, not of a y that is missing.
        return "loss.uses_y" if "NoneType" in message or "None values" in message else "loss.unpacks"
    return "loss.no_loss" if "No loss to compute" in message else None


def listened(run: Run, rng: np.random.Generator, ask: Asker) -> list[str]:
    """Ids of what the values that reach the decoder say about the sampling; or []."""
    images, repeats, calls = 16, 64, 8  # enough noise to tell one scale of it from another
    x = np.broadcast_to(draw.images(rng, images, run.shape), (repeats, images, *run.shape))
    step = {"do": "listen", "x": "x", "batch_size": repeats * images, "times": calls}
    try:
        heard = Run(
            None, ask, run.shape, run.size, {"x": x.reshape(-1, *run.shape)}, [step], weights=run.networks.weights
        )
        reply = heard.step(0, "evaluate")
        told = item(reply, "heard", list)
        zs = [tensor(call[-1], heard.arrays, "The sampling") for call in told if isinstance(call, list) and call]
    except Problem:
        return []
    if len(zs) != calls or any(z.shape != (repeats * images, run.size) for z in zs):
        return []
    z = np.reshape(zs, (calls, repeats, images, run.size))
    if np.allclose(z, run.networks.sample(*run.networks.encode(x[0])), atol=1e-3):
        return []  # the sampling is right; the numbers are wrong for another reason
    ids, ran = recognise.sampling(run.networks, x, z), reply.get("ran")
    if ids[:1] == ["sampling.constant_noise"] and isinstance(ran, dict) and ran.get("sampling"):
        return ["sampling.arguments"]  # the layer of the checks gives the same noise for the same arguments
    return ids
