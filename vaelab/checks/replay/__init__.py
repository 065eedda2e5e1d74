"""Runs the graphs of `vaelab.checks.student.trace` where no student's code has run.

Outputs, gradients, changed averages and the list of operations come from here, so that a
judge can believe them whatever the student's process has become. The graphs themselves,
and all that came with them, may have been made up by a hostile process. They are data:
bounded in size, checked operation by operation (`allowed`), and run in a session of their
own, in a grader in a sandbox that they have to themselves. A graph that is right on inputs
which its author has not seen is right, whoever wrote it.

Like the probe, this decides nothing and knows no expected value. `run` never raises (but
for a real Ctrl-C).

Modules: `claims` (the written format of what arrives, and how it is read), `allowed`
(which operations are run), `inline` (an untrusted graph made safe), `variables`, `graph`
(imported, with its gradients), `runner` (a session and the states of the weights),
`steps`, `tensorflow_private`.

Steps (``request["json"]["steps"]``; each names a ``graph`` by number and an input ``x``,
and leaves the weights in the state that it has put them into):

``outputs``
    What the graph returns.
``redraw``
    The same, after every kernel was drawn anew from a seed.
``perturb``
    The same, with the weights as they were handed in, each lightly changed if there is a
    gradient that would change it in training.
``train``
    The same, for two inputs; by how much each variable that all graphs read has
    ``changed``; and the moments of maps, by which normalised ones are seen. The variables
    are set back.
``gradients``
    Of each output: the size by variable, and by pixel.
``pixels``
    The influence of each pixel on the outputs, and the part of it that goes through small
    maps after a convolution.
``operations``
    Convolutions, poolings and the like that the outputs are computed by; and what the graph
    returns with other kernels in the convolutions, drawn from a seed.
``widths``
    How wide the dense layers before the heads are.
"""

import hashlib

import numpy as np

from vaelab.checks.message import PROTOCOL
from vaelab.checks.replay.claims import MAX_GRAPHS, Refused, take
from vaelab.checks.replay.graph import Graph
from vaelab.checks.replay.runner import PATIENCE, Runner
from vaelab.checks.replay.steps import STEPS
from vaelab.checks.replay.variables import Variables
from vaelab.checks.student.describe import error_of, quiet

#: What a refused request is told of an unexpected error: characters of its text.
MAX_REASON = 200


def run(request: dict) -> dict:
    """Rebuild the graphs in `request` and carry out its steps.

    Parameters
    ----------
    request : dict
        A message: what `vaelab.checks.student.trace` returned, with the judge's ``traces`` and ``steps``.

    Returns
    -------
    dict
        A message. ``json["status"]`` is "ok" or "refused" (with ``json["why"]``).
    """
    arrays = {}
    try:
        with quiet():
            body = {"status": "ok", "steps": _replay(request["json"], request["arrays"], arrays)}
    except KeyboardInterrupt:
        raise
    except Refused as refused:
        body, arrays = {"status": "refused", "why": str(refused)}, {}
    except BaseException as error:
        told = error_of(error)
        why = f"The encoder's graph cannot be rebuilt ({told['type']}: {told['text'][:MAX_REASON]})."
        body, arrays = {"status": "refused", "why": why}, {}
    return {"json": {"protocol": PROTOCOL, **body}, "arrays": arrays}


def _replay(asked: dict, given: dict[str, np.ndarray], arrays: dict[str, np.ndarray]) -> list[dict]:
    global _last
    if asked.get("protocol") != PROTOCOL:
        raise ValueError(f"this replay speaks protocol {PROTOCOL}")
    told = take(asked, "graphs", list)
    if len(told) != len(asked["traces"]) or len(told) > MAX_GRAPHS:
        raise Refused("What came back is not in the form that was asked for.")
    # It is kept only if all goes well: what has been stopped in the middle starts no other request.
    rebuilt, _last = _last, None
    if rebuilt is None or not rebuilt.serves(asked, given):
        if rebuilt is not None:
            rebuilt.session.close()
        rebuilt = Rebuilt(asked, given)
    with rebuilt.graph.as_default():
        runner = Runner(rebuilt.session, rebuilt.variables, rebuilt.graphs[: len(told)])
        steps = [_step(i, step, runner, given, arrays) for i, step in enumerate(asked["steps"])]
    _last = rebuilt
    return steps


class Rebuilt:
    """Graphs in a session of their own, with the gradients that steps read.

    To rebuild and to differentiate them takes longer than most steps do, and several requests are about the same graphs: the last
    ones stay. Between requests nothing of them changes but the variables, which each request sets first.
    """

    def __init__(self, asked: dict, given: dict[str, np.ndarray]) -> None:
        import tensorflow as tf

        self.told, self.needs = _told(asked, given), _needs(asked["steps"])
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.variables = Variables(take(asked, "variables", list), given)
            self.graphs = [
                Graph(i, graph, wanted["shape"], self.variables, given)
                for i, (graph, wanted) in enumerate(zip(asked["graphs"], asked["traces"]))
            ]
            self._differentiate()
            self.session = tf.compat.v1.Session(config=_settings())

    def _differentiate(self) -> None:
        """Make the gradients that the steps read; TensorFlow wants them before the first run."""
        try:
            for number, within in sorted(self.needs, key=str):
                if within is None:
                    self.graphs[number].differentiate(self.variables)
                else:
                    self.graphs[number].split([*within])
        except Exception as error:
            why = error_of(error)["text"][:MAX_REASON]
            raise Refused(f"There is no gradient through the encoder ({why}).") from None

    def serves(self, asked: dict, given: dict[str, np.ndarray]) -> bool:
        """Whether a request is about these graphs, or the first of them, and reads no other gradients."""
        graphs, *rest = _told(asked, given)
        return [graphs, *rest] == [self.told[0][: len(graphs)], *self.told[1:]] and _needs(asked["steps"]) <= self.needs


#: What the last request was about.
_last: Rebuilt | None = None


def _told(asked: dict, given: dict[str, np.ndarray]) -> tuple:
    """All that a request says of its graphs, in a form that can be compared."""
    images = {step[key] for step in asked["steps"] for key in ("x", "other") if key in step}
    arrays = {
        name: (array.dtype, array.shape, hashlib.sha256(array.tobytes()).digest())
        for name, array in given.items()
        if name not in images
    }
    return [*zip(asked["graphs"], asked["traces"])], asked.get("variables"), arrays


def _needs(steps: list[dict]) -> set[tuple[int, tuple[int, ...] | None]]:
    """The gradients that steps read: the graph's number, and for those by pixel, within which size maps are small; else None."""
    by_weight = {(step["graph"], None) for step in steps if step["do"] in ("gradients", "perturb")}
    return by_weight | {(step["graph"], tuple(step["within"])) for step in steps if step["do"] == "pixels"}


def _settings():
    """The same everywhere: on the CPU, as the graph is written."""
    import tensorflow as tf

    settings = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
    settings.graph_options.optimizer_options.opt_level = -1
    settings.graph_options.rewrite_options.disable_meta_optimizer = True
    return settings


def _step(number: int, step: dict, runner: Runner, given: dict, arrays: dict) -> dict:
    """What one step found, or the error that it ended in."""
    import tensorflow as tf

    graph = runner.graphs[step["graph"]]
    images = {key: given[step[key]].astype("float32")[: graph.x.shape[0]] for key in ("x", "other") if key in step}
    try:
        return STEPS[step["do"]](runner, graph, step, name=f"step{number}", arrays=arrays, **images)
    except KeyboardInterrupt:
        raise
    except tf.errors.DeadlineExceededError:
        raise Refused(f"The encoder did not finish within {PATIENCE} s on a few images.") from None
    except Refused:
        raise
    except BaseException as error:
        return {"error": error_of(error)}
