"""An untrusted GraphDef, read, with calls of functions replaced by what they do.

Only what the outputs need is kept, so that an operation nobody uses is neither run nor a
reason to refuse an encoder.
"""

from collections.abc import Iterable

import numpy as np

from vaelab.checks.replay.allowed import LOOPS, tame
from vaelab.checks.replay.claims import MAX_OPERATIONS, Refused, tensor_name
from vaelab.checks.replay.tensorflow_private import definition

CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def safe(data: np.ndarray | None, outputs: list[str]):
    """The part of a serialised graph that computes `outputs`, without calls, with nothing that could do harm.

    Parameters
    ----------
    data : array of uint8
        A serialised GraphDef, from an untrusted process.
    outputs : list of str
        Names of tensors.

    Returns
    -------
    (GraphDef, list of str)
        The graph, and what `outputs` are called in it.

    Raises
    ------
    Refused
        If it cannot be read, is too large or holds an operation that is not allowed.
    """
    import tensorflow as tf

    from vaelab.checks.replay.strided import mark  # registers a gradient, which needs TensorFlow

    if type(data) is not np.ndarray or data.dtype != np.uint8:
        raise Refused("The encoder's graph did not come back as bytes.")
    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(data.tobytes())
    except Exception:
        raise Refused("The encoder's graph cannot be read.") from None
    nodes, instead = _without_calls(graph_def)
    outputs = [_resolved(name, instead) for name in outputs]
    nodes = _needed(nodes, outputs)
    kept = tf.compat.v1.GraphDef(versions=graph_def.versions)
    kept.node.extend(nodes)
    if any(node.op in LOOPS for node in nodes):
        kept.library.function.extend(graph_def.library.function)
    bodies = [node for function in kept.library.function for node in function.node_def]
    if len(nodes) + len(bodies) > MAX_OPERATIONS:
        raise Refused(f"The encoder's graph has more than {MAX_OPERATIONS} operations.")
    for node in [*kept.node, *bodies]:
        tame(node)
        mark(node)
    return kept, outputs


def _needed(nodes: list, outputs: Iterable[str]) -> list:
    """Those of `nodes` that `outputs` depend on, in their order."""
    by_name, wanted, waiting = {node.name: node for node in nodes}, set(), [name.partition(":")[0] for name in outputs]
    while waiting:
        name = waiting.pop()
        if name not in wanted and name in by_name:
            wanted.add(name)
            waiting += [source.lstrip("^").partition(":")[0] for source in by_name[name].input]
    return [node for node in nodes if node.name in wanted]


def _without_calls(graph_def) -> tuple[list, dict[str, str]]:
    """``(nodes, instead)``: calls of functions replaced by their bodies; which name stands for each output of a call."""
    import tensorflow as tf

    functions = {function.signature.name: function for function in graph_def.library.function}
    done, instead, waiting = [], {}, list(graph_def.node)[::-1]
    while waiting:
        if len(done) + len(waiting) > MAX_OPERATIONS:
            raise Refused(f"The encoder's graph has more than {MAX_OPERATIONS} operations.")
        node = waiting.pop()
        function = functions.get(node.attr["f"].func.name if node.op in CALLS else node.op)
        if function is None:
            done.append(node)
            continue
        inside, results, last = _body(node, function)
        waiting += inside[::-1]
        instead.update({f"{node.name}:{i}": name for i, name in enumerate(results)})
        done.append(tf.compat.v1.NodeDef(name=node.name, op="NoOp", input=last))
    for node in done:
        node.input[:] = [name if name.startswith("^") else _resolved(name, instead) for name in node.input]
    return done, instead


def _resolved(name: str, instead: dict[str, str]) -> str:
    name = tensor_name(name)
    for _ in range(len(instead) + 1):
        if name not in instead:
            return name
        name = tensor_name(instead[name])
    raise Refused("The encoder's graph calls itself.")


def _body(call, function):
    """The nodes of `function` as `call` would run them, the names of its results, and its last nodes (as controls)."""
    import tensorflow as tf

    arguments = [name for name in call.input if not name.startswith("^")]
    before = [name for name in call.input if name.startswith("^")]
    given = dict(zip((arg.name for arg in function.signature.input_arg), arguments))
    inside = {node.name: node for node in function.node_def}

    def place(name):
        """A name of the function's (``node:output:number``) as one of the graph's."""
        control = name.startswith("^")
        first, *rest = name.lstrip("^").split(":")
        if first in given:
            return f"^{tensor_name(given[first]).partition(':')[0]}" if control else given[first]
        if control or len(rest) < 2:
            return f"^{call.name}/{first}" if control else f"{call.name}/{first}:{rest[0] if rest else 0}"
        return f"{call.name}/{first}:{_first_of(inside[first], rest[0]) + int(rest[1])}"

    nodes = []
    for node in function.node_def:
        copy = tf.compat.v1.NodeDef()
        copy.CopyFrom(node)
        copy.name = f"{call.name}/{node.name}"
        copy.input[:] = [*map(place, node.input), *before]
        nodes.append(copy)
    results = [place(function.ret[arg.name]) for arg in function.signature.output_arg]
    last = {f"^{call.name}/{name}" for name in function.control_ret.values()}
    last |= {f"^{name.partition(':')[0]}" for name in results}
    return nodes, results, sorted(last)


def _first_of(node, output: str) -> int:
    """The number of the first tensor of the output with this name: an output may be a list of tensors."""
    at = 0
    for arg in definition(node.op).output_arg:
        if arg.name == output:
            break
        if arg.number_attr:
            at += node.attr[arg.number_attr].i
        else:
            at += len(node.attr[arg.type_list_attr].list.type) if arg.type_list_attr else 1
    return at
