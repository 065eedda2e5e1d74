"""Which operations of an untrusted graph are run: what a security reviewer reads alone.

An operation is run if TensorFlow knows it, if it reads no text (names of files, programs)
and if it has no state, or a state on the lists below. `REFUSED` names what TensorFlow
does not list as having state and what reaches out of a graph all the same. All that
passes runs in a process of its own, in a sandbox, with bounds on time and memory: this
list is one of two walls.
"""

from vaelab.checks.replay.claims import Refused
from vaelab.checks.replay.tensorflow_private import definition

VARIABLES = ("ReadVariableOp", "AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "ResourceGather")
#: Operations that run functions of the graph's library; bodies are looked at like the graph itself.
LOOPS = ("If", "While", "StatelessIf", "StatelessWhile", "Case", "StatelessCase")
#: Operations with state that a model may have: these, and random ones, recognised by parts of their names.
STATEFUL = (*VARIABLES, *LOOPS, "CheckNumerics", "CheckNumericsV2")
RANDOM = ("Random", "Normal", "Uniform", "Multinomial", "Rng")
#: Operations without a state, by TensorFlow's own list, that reach out of a graph.
REFUSED = {
    "PyFuncStateless",
    "DebugIdentity",
    "DebugIdentityV2",
    "DebugIdentityV3",
    "DebugNanCount",
    "DebugNumericSummary",
    "DebugNumericSummaryV2",
    "XlaCallModule",
    "XlaHostCompute",
}
#: Operations that only print or complain. They are replaced by nothing.
SPEAKING = ("Assert", "Print", "PrintV2", "StringFormat")
#: Attributes that name what only the process of their author has, such as gradients of its own.
FOREIGN = ("_gradient_op_type", "_class", "_XlaMustCompile")
#: DT_STRING in an operation's definition.
TEXT = 7


def tame(node) -> None:
    """Refuse an operation that could do anything but compute; take away what cannot travel.

    Parameters
    ----------
    node : NodeDef
        Changed in place.

    Raises
    ------
    Refused
        With the name of the operation.
    """
    if node.op in SPEAKING:
        _silence(node)
        return
    known = definition(node.op)
    if known is None:
        raise Refused(f"The encoder's graph has an operation that TensorFlow does not know: {node.op[:60]}.")
    reads_text = any(arg.type == TEXT for arg in known.input_arg)
    harmless = not known.is_stateful or node.op in STATEFUL or is_random(node)
    if node.op in REFUSED or reads_text or not harmless:
        raise Refused(
            f"The encoder's graph has an operation that no encoder needs, {node.op[:60]}: "
            "use layers, keras.ops and keras.random only."
        )
    node.device = ""
    for name in FOREIGN:
        node.attr.pop(name, None)


def is_random(node) -> bool:
    """Does this operation draw random numbers, by its name?"""
    return any(part in node.op for part in RANDOM)


def may_differ(node) -> bool:
    """Can this operation give other numbers the next time? Some draw without TensorFlow calling that a state: they have a seed."""
    known = definition(node.op)
    seeded = known is not None and any(attribute.name.startswith("seed") for attribute in known.attr)
    return is_random(node) or seeded or "Dataset" in node.op


def _silence(node) -> None:
    """Make a printing or complaining operation do nothing; ``Print`` passes its first input on."""
    controls = [name for name in node.input if name.startswith("^")]
    if node.op == "Print":
        node.op, kept = "Identity", dict(node.attr)
        del node.input[1:]
        node.attr.clear()
        node.attr["T"].CopyFrom(kept["T"])
        node.input.extend(controls)
    elif node.op != "StringFormat":
        node.op = "NoOp"
        node.attr.clear()
        del node.input[:]
        node.input.extend(controls)
