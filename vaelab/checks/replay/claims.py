"""What a student's process says about its graphs, and how it is read: with suspicion.

The TypedDicts are the written format of what `vaelab.checks.student.trace` returns and
`vaelab.checks.replay` reads. Each field may lie; `take` and `tensor_name` refuse what has
the wrong form, and whatever else is believed is checked where it is used.
"""

from typing import Any, NotRequired, TypedDict

#: Bounds on what is read: graphs of one request, operations of one graph, captured tensors of one graph.
MAX_GRAPHS, MAX_OPERATIONS, MAX_CAPTURES = 8, 20_000, 1000
#: Characters in the name of a tensor.
MAX_NAME = 2000


class Variable(TypedDict):
    """One weight of the encoder. ``value`` names an array, or is None where the judge draws the numbers."""

    name: str
    shape: list[int]
    dtype: str
    trainable: bool
    value: str | None


class Capture(TypedDict):
    """What a graph reads besides the images: the variable with a number, or an array of the message."""

    name: str
    variable: NotRequired[int]
    array: NotRequired[str]
    dtype: NotRequired[str]


class Traced(TypedDict):
    """One graph. ``graph`` names an array of bytes (a GraphDef); ``output`` is the structure of what it returns."""

    graph: str
    input: str
    captures: list[Capture]
    outputs: list[str]
    output: dict[str, Any]


class Step(TypedDict):
    """What to do with one graph; `vaelab.checks.replay` lists the kinds and what each reads."""

    do: str
    graph: int
    x: str
    other: NotRequired[str]
    training: NotRequired[bool]
    seed: NotRequired[int]
    gain: NotRequired[float]
    keep_small: NotRequired[bool]
    size: NotRequired[int]
    within: NotRequired[list[int]]


class Refused(Exception):
    """Why these graphs are not run: one sentence for the student."""


def take(container: Any, key: str, kind: type) -> Any:
    """``container[key]`` if that is a `kind`; otherwise the message is refused."""
    value = container.get(key) if type(container) is dict else None
    if type(value) is not kind:
        raise Refused("What came back of the encoder is not in the form that was asked for.")
    return value


def tensor_name(name: Any) -> str:
    """The name of a tensor, with the number of the output that it is."""
    if type(name) is not str or len(name) > MAX_NAME:
        raise Refused("What came back of the encoder is not in the form that was asked for.")
    return name if ":" in name else f"{name}:0"


def number_type(name: str):
    """TensorFlow's type of numbers with this name."""
    import tensorflow as tf

    try:
        dtype = tf.as_dtype(name)
    except (TypeError, ValueError):
        dtype = tf.string
    if not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
        raise Refused("One of the encoder's weights holds no numbers.")
    return dtype
