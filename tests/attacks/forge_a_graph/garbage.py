"""Hand over bytes that are no graph: noise, nothing, a graph cut short, one nested a million deep, names that are no names."""

import itertools

import numpy as np
import tensorflow as tf
from vaelab.checks.student import probe, trace

def make_conv_encoder(*sizes):
    return None

def nested(levels):
    """An attribute with a function with an attribute with a function..."""
    data = b""
    for _ in range(levels):
        entry = b"\x0a\x01f\x12" + length(b"\x52" + length(b"\x12" + length(data)))
        data = entry[:500_000]
    return b"\x0a" + length(b"\x0a\x01x\x12\x04NoOp\x2a" + length(data))

def length(data):
    size, digits = len(data), b""
    while size > 127:
        digits += bytes([size & 127 | 128])
        size >>= 7
    return digits + bytes([size]) + data

whole = tf.Graph()
with whole.as_default():
    tf.compat.v1.placeholder(tf.float32, name="x")
whole = whole.as_graph_def().SerializeToString()
kinds = itertools.cycle([np.random.default_rng().bytes(10**6), nested(20_000), whole[:-3], b"", whole])

names = itertools.cycle([["x:0", "x:0"], ["x:0", "x"], ["x:0", "\0:9", "y:-1"], ["x:99999999999999999999"], ["", ":"]])

def forged(asked, given, target, arrays):
    graphs, outputs = [], next(names)
    captures = [] if outputs[1:] == ["x:0"] else [{"name": "::::", "variable": True}, {"name": "x:0", "array": "graph0", "dtype": "resource"}]
    for i, wanted in enumerate(asked["traces"]):
        arrays[f"graph{i}"] = np.frombuffer(next(kinds), np.uint8)
        graphs.append({"graph": f"graph{i}", "input": "x:0", "outputs": outputs, "captures": captures if i else [],
                       "output": {"kind": "list", "length": 2, "items": [{"kind": "tensor", "index": -7}] * 2}})
    return {"model": {"type": "Functional", "is_model": True, "names": "z_mean"}, "graphs": graphs, "variables": []}

probe._OPERATIONS["trace"] = forged
