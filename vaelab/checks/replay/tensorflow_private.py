"""The parts of TensorFlow that are used here without being public, in one place.

`op_def_registry` says which inputs and outputs an operation has and whether it keeps
state; TensorFlow documents it nowhere and has kept it since 2019.
"""


def definition(operation: str):
    """TensorFlow's OpDef of the operation with this name, or None if there is no such operation."""
    from tensorflow.python.framework import op_def_registry

    return op_def_registry.get(operation)
