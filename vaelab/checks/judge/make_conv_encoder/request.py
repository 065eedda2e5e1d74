"""What the checks of an encoder share: one request to the probe, one to the replay, and the two outputs."""

import functools
import json
import math
import re
from typing import Any

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.problem import Problem, a_type
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import item, tensor

HEADS = ("z_mean", "z_log_var")
#: The course's own sizes, in all checks but one: code that works for no others loses that one, and no code can tell by
#: its sizes which of the checks asks. (A smaller `intermediate_dim`: each of its weights is drawn many times.)
COURSE = (28, 28, 1, 2, 32)
#: How many images most checks send through the encoder: the same number, so that the same graphs serve them. Three triples, for `seen`.
COUNT = 9
#: Gain of drawn kernels with which numbers keep their size from layer to layer behind rectifiers (the root of 2).
KEEPING = 1.4
#: Numbers of a kernel that is sent, where kernels are not all drawn. A grader reads at most 50 MB of a notebook, and each number takes 3 bytes.
SENT = 16_000_000
#: What may look so by chance, since behind a rectifier all numbers are 0 with some kernels: believed if it is so three times.
BY_CHANCE = (
    "encoder.no_gradient",
    "encoder.no_normalisation",
    "encoder.normalisation_place",
    "encoder.past_convolutions",
    "encoder.ignored_pixels",
    "encoder.linear",
    "encoder.fixed_sizes",
    "encoder.intermediate_dim",
)

#: A graph's kind is ``(images, training)``; these are wanted by all checks but one.
USUAL = (COUNT, None), (COUNT, True)

Args = tuple[int, int, int, int, int]
Images = dict[str, np.ndarray]


def run(ask, args: Args, images: Images, steps: list[dict]):
    """Build an encoder with `args` and run steps on it.

    Parameters
    ----------
    args : (img_rows, img_cols, img_chns, latent_dim, intermediate_dim)
    images : dict
        ``x`` and more, each ``(count, rows, columns, channels)``.
    steps : list of dict
        As `vaelab.checks.replay` reads them, without the number of the graph; ``x`` is "x" if
        not said. A step may say ``training``; without, it is a plain call, ``encoder(x)``.

    Returns
    -------
    (model, variables, results, arrays)
        What is said of the model and of its weights, a dict for each step, their arrays.

    Raises
    ------
    Problem
        If there is no model, if it raises something, or if it is random outside training.
    """
    modes = [(len(images[step.get("x", "x")]), step.get("training")) for step in steps]
    kinds = list(dict.fromkeys(modes))
    sent = SENT if _usual(args, kinds) else 0
    body, arrays = _traced(ask, args, kinds, sent)
    model, graphs = item(body, "model", dict), item(body, "graphs", list)[: len(kinds)]
    if model.get("is_model") is not True:
        raise _no_model(model.get("type"))
    traces = [_trace(args, kind) for kind in kinds]
    for (number, _), graph in zip(kinds, graphs):
        if isinstance(graph, dict) and "error" in graph:
            raise rank(raised(graph["error"], "The encoder", f" on images of shape {(number, *args[:3])}"))
    steps = [{"x": "x", **step, "graph": kinds.index(mode)} for step, mode in zip(steps, modes)]
    variables = item(body, "variables", list)
    _all_sent(variables, sent)
    if arrays.keys() & images.keys():  # the images are not for a graph to keep
        raise Problem("What came back is not in the form that was asked for.")
    body, arrays = ask.replay(
        {"traces": traces, "graphs": graphs, "variables": variables, "steps": steps}, {**arrays, **images}
    )
    results = item(body, "steps", list)
    if len(results) != len(steps) or not all(isinstance(r, dict) for r in results):
        raise Problem("What came back is not in the form that was asked for.")
    for result in results:
        _usable(result)
    return model, variables, results, arrays


def _trace(args: Args, kind: tuple) -> dict:
    number, training = kind
    return {"shape": [number, *args[:3]], "training": training}


def _usual(args: Args, kinds: list[tuple]) -> bool:
    """Whether all checks but one want such graphs: they are asked for together, with the weights, and what the student's code calls the outputs."""
    return args == COURSE and set(kinds) <= set(USUAL)


def _traced(ask, args: Args, kinds: list[tuple], sent: int) -> tuple[dict, dict]:
    """The probe's answer to the question for the graphs of these ``kinds``, or for more."""
    usual = _usual(args, kinds)
    if usual:
        kinds = [*kinds, *(kind for kind in USUAL if kind not in kinds)]
    traces = [_trace(args, kind) for kind in kinds]
    question = {"op": "trace", "args": list(args), "traces": traces, "names": usual, "sent": sent}
    return ask.once(json.dumps(question), lambda: ask(question, {}))


def _all_sent(variables: list, sent: int) -> None:
    """A Problem if the numbers of a kernel that is small enough did not come: it would be drawn, whatever it is."""
    for variable in variables if sent else []:
        shape = variable.get("shape") if isinstance(variable, dict) else None
        if not isinstance(shape, list) or not all(type(n) is int for n in shape):
            raise Problem("What came back is not in the form that was asked for.")
        if variable.get("value") is None and math.prod(shape) <= sent:
            raise Problem("What came back is not in the form that was asked for.")


def _no_model(kind: Any) -> Problem:
    return Problem(
        f"make_conv_encoder returned {a_type(kind)}; a keras.Model was expected.",
        got=str(kind)[:40],
        expected="a keras.Model",
        next_step="Return the model at the end of the function.",
    )


def _usable(result: dict) -> None:
    """A Problem if a step ended in an error, or if the same images have different outputs."""
    if "error" in result:
        raise raised(result["error"], "The encoder")
    told = result.get("output")
    # With one output there is more to say.
    if result.get("steady") is False and isinstance(told, dict) and told.get("length") == 2:
        raise Problem(
            "Called twice on the same images, with the same weights, encoder(x) gives different outputs",
            mistake="encoder.random",
            got="different outputs",
            expected="equal outputs",
        )


def rank(problem: Problem) -> Problem:
    """The same problem, recognised if it comes from a missing channel axis."""
    if re.search(r"ndim=4,? found ndim=3|rank 3.*rank 4|expected .*ndim=4", problem.message):
        problem.mistake = "encoder.no_channel_axis"
    return problem


def built(ask, *args, **kwargs):
    """`run`, with a missing channel axis recognised."""
    try:
        return run(ask, *args, **kwargs)
    except Problem as problem:
        raise rank(problem) from None


def redraw(rng, gain: float, **more) -> dict:
    """A step that draws all kernels anew: heads may rightly start at zero, and then tell nothing."""
    return {"do": "redraw", "seed": seed(rng), "gain": gain, **more}


def seed(rng) -> int:
    return int(rng.integers(2**31))


def plain(rng, args: Args, count: int) -> Images:
    """`count` images and no more."""
    return {"x": draw.images(rng, count, args[:3])}


def pair(told, arrays, args: Args, count: int, finite: bool = True, when: str = "") -> list[np.ndarray]:
    """Both outputs as arrays ``(count, latent_dim)``, or a Problem that says what they are."""
    told = told if isinstance(told, dict) else {}
    size = args[3]
    expected = f"two tensors of shape ({count}, {size})"
    if told.get("kind") != "list":
        raise _one_output(told, arrays, expected)
    length = told.get("length")
    if length != 2:
        raise Problem(
            f"The encoder returned {length if type(length) is int else 'some'} tensor{'' if length == 1 else 's'}",
            mistake="encoder.z_only" if length == 1 else "encoder.three_outputs",
            got=f"{length} tensors"[:30],
            expected=expected,
        )
    parts = item(told, "items", list)
    both = [tensor(part, arrays, f"The encoder, for {name}{when},", finite=finite) for part, name in zip(parts, HEADS)]
    if len(both) != 2:
        raise Problem("What came back is not in the form that was asked for.")
    for array, name in zip(both, HEADS):
        if array.shape != (count, size):
            raise _other_shape(array, name, count, size)
    return both


def _one_output(told: dict, arrays, expected: str) -> Problem:
    if told.get("kind") == "other":
        return Problem(
            f"The encoder returned a {str(told.get('type'))[:40]} where a list of two tensors was expected.",
            got=str(told.get("type"))[:40],
            expected=expected,
            next_step="keras.Model takes a list of outputs.",
        )
    array = tensor(told, arrays, "The encoder", finite=False)
    return Problem(
        f"The encoder returned one tensor of shape {array.shape}",
        mistake="encoder.z_only",
        got=f"shape {array.shape}",
        expected=expected,
    )


def _other_shape(array: np.ndarray, name: str, count: int, size: int) -> Problem:
    mistake = None
    if array.ndim == 4:
        mistake = "encoder.no_flatten"
    elif array.ndim == 2 and len(array) == count:
        mistake = "encoder.fixed_sizes"
    return Problem(
        f"For {count} images and latent_dim={size}, {name} has shape {array.shape} where "
        f"({count}, {size}) was expected" + ("" if mistake else "."),
        mistake=mistake,
        got=f"shape {array.shape}",
        expected=f"shape ({count}, {size})",
        next_step=None if mistake else "Print the shape after each layer with model.summary().",
    )


def spread(array: np.ndarray) -> float:
    """Root of the mean square of what differs from image to image."""
    return float(np.sqrt(np.mean(np.square(array - array.mean(0)))))


def change(before: np.ndarray, after: np.ndarray) -> float:
    """How much of the spread over the images an intervention changes: 0 for nothing, about 1 for all."""
    size = spread(before)
    return spread(after - before) / size if size > 0 else 0.0


def percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def not_by_chance(check):
    """`check`, repeated with other kernels where what it finds may be chance."""

    @functools.wraps(check)
    def repeated(*args):
        for last in (False, False, True):
            try:
                return check(*args)
            except Problem as problem:
                if last or problem.mistake not in BY_CHANCE:
                    raise

    return repeated
