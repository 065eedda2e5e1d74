"""The encoder's variables, rebuilt from descriptions that may lie."""

import math

import numpy as np

from vaelab.checks.replay.claims import Refused, Variable, number_type, take
from vaelab.checks.student.trace import MAX_NUMBERS, MAX_VARIABLES

#: Axes that a weight may have.
MAX_AXES = 8


class Variables:
    """All variables of a request: what was said of each, and the operations that set and read them.

    Parameters
    ----------
    told : list of Variable
        From an untrusted process.
    given : dict of arrays
        The arrays of its message.

    Raises
    ------
    Refused
        If a description is impossible or does not fit its array.
    """

    def __init__(self, told: list[Variable], given: dict[str, np.ndarray]):
        if len(told) > MAX_VARIABLES:
            raise Refused(f"The encoder has more than {MAX_VARIABLES} weights.")
        self.names, self.shapes, self.trainable, self.dtypes, self.values = [], [], [], [], []
        for one in told:
            shape, name, dtype = take(one, "shape", list), take(one, "name", str), take(one, "dtype", str)
            if not all(type(n) is int and 0 <= n <= MAX_NUMBERS for n in shape) or len(shape) > MAX_AXES:
                raise Refused("One of the encoder's weights has an impossible shape.")
            self.names.append(name)
            self.shapes.append(tuple(shape))
            self.trainable.append(take(one, "trainable", bool))
            self.dtypes.append(number_type(dtype))
            if sum(map(math.prod, self.shapes)) > MAX_NUMBERS:
                raise Refused(f"The encoder's weights hold more than {MAX_NUMBERS:,} numbers.")
            self.values.append(_value(one.get("value"), shape, given))
        self.handles, self.fed, self.assigned, self.read = self._operations()
        self.floating = [i for i, dtype in enumerate(self.dtypes) if dtype.is_floating]

    def is_kernel(self, i: int) -> bool:
        """Is this a trainable weight of two axes or more that is no bias?"""
        return self.trainable[i] and self.names[i] != "bias" and len(self.shapes[i]) >= 2

    def fan_in(self, i: int) -> float:
        """How many numbers meet in one output of this weight; 1 for a vector."""
        return max(1.0, float(np.prod(self.shapes[i][:-1])))

    def _operations(self):
        """Handles, placeholders, assignments and reads; imported at once, as calls take ten times as long."""
        import tensorflow as tf

        graph_def, attribute = tf.compat.v1.GraphDef(), tf.compat.v1.AttrValue
        for i, (dtype, shape) in enumerate(zip(self.dtypes, self.shapes)):
            dtype, shape = attribute(type=dtype.as_datatype_enum), attribute(shape=tf.TensorShape(shape).as_proto())
            graph_def.node.add(
                name=f"handle{i}",
                op="VarHandleOp",
                attr={"dtype": dtype, "shape": shape, "shared_name": attribute(s=b"variable%d" % i)},
            )
            graph_def.node.add(name=f"fed{i}", op="Placeholder", attr={"dtype": dtype, "shape": shape})
            graph_def.node.add(
                name=f"assigned{i}", op="AssignVariableOp", input=[f"handle{i}", f"fed{i}"], attr={"dtype": dtype}
            )
            graph_def.node.add(name=f"read{i}", op="ReadVariableOp", input=[f"handle{i}"], attr={"dtype": dtype})
        number = range(len(self.shapes))
        names = [[f"{what}{i}" for i in number] for what in ("handle", "fed", "assigned", "read")]
        made = iter(
            tf.graph_util.import_graph_def(
                graph_def,
                return_elements=[name if row is names[2] else f"{name}:0" for row in names for name in row],
                name="variables",
            )
        )
        return [[next(made) for _ in number] for _ in names]


def _value(name: str | None, shape: list[int], given: dict[str, np.ndarray]) -> np.ndarray:
    if name is None:
        return np.zeros(shape, "float32")  # of a kernel that the judge draws
    array = given.get(name) if type(name) is str else None
    if type(array) is not np.ndarray or list(array.shape) != shape or array.dtype.kind not in "biuf":
        raise Refused("One of the encoder's weights is not what its description says.")
    return array
