"""Hand over graphs that ask for a hundred gigabytes, double themselves forty times, or have no end of operations."""

import itertools

import numpy as np
import tensorflow as tf
from vaelab.checks.student import probe, trace

def make_conv_encoder(*sizes):
    return None

def memory(x):
    return x + tf.reduce_sum(tf.random.normal((1000, 1000, int(tf.get_static_value(tf.shape(x))[0]) * 5000)))

def many(x):
    return x

def doubled(x):
    return x

# TensorFlow waits ten seconds for each allocation that fails: once is enough.
kinds = itertools.cycle([memory, many, doubled, many, doubled, many])

def bomb(graph_def):
    """y calls f40 twice, which calls f39 twice, and so on: 2**40 operations if written out."""
    for i in range(40):
        function = getattr(graph_def, "library").function.add()
        function.signature.name = f"f{i}"
        function.signature.input_arg.add(name="a", type=1)
        function.signature.output_arg.add(name="b", type=1)
        for j, source in enumerate(("a", "c0:output:0")):
            node = function.node_def.add(name=f"c{j}", op="PartitionedCall" if i else "Identity", input=[source if i else "a"])
            if i:
                node.attr["f"].func.name = f"f{i - 1}"
                node.attr["Tin"].list.type.append(1)
                node.attr["Tout"].list.type.append(1)
            else:
                node.attr["T"].type = 1
        function.ret["b"] = "c1:output:0"
    for node in graph_def.node:
        if node.op == "Identity" and node.name.startswith("y"):
            node.op = "PartitionedCall"
            del node.attr["T"]
            node.attr["f"].func.name = "f39"
            node.attr["Tin"].list.type.append(1)
            node.attr["Tout"].list.type.append(1)

def forged(asked, given, target, arrays):
    kind, graphs = next(kinds), []
    for i, wanted in enumerate(asked["traces"]):
        graph = tf.Graph()
        with graph.as_default():
            x = tf.compat.v1.placeholder(tf.float32, wanted["shape"], name="x")
            y = tf.reshape(kind(x), (wanted["shape"][0], -1))[:, :asked["args"][3]]
            names = [tf.identity(y * k, name=f"y{k}").name for k in (1, 2)]
        graph_def = graph.as_graph_def()
        if kind is many:
            for j in range(30_000):
                graph_def.node.add(name=f"n{j}", op="NoOp", input=[f"^n{j - 1}"] if j else [])
            graph_def.node[0].input.append("^n29999")
        if kind is doubled:
            bomb(graph_def)
        arrays[f"graph{i}"] = np.frombuffer(graph_def.SerializeToString(), np.uint8)
        graphs.append({"graph": f"graph{i}", "input": "x:0", "outputs": names, "captures": [],
                       "output": {"kind": "list", "length": 2, "items": [{"kind": "tensor", "index": j} for j in range(2)]}})
    return {"model": {"type": "Functional", "is_model": True}, "graphs": graphs, "variables": []}

probe._OPERATIONS["trace"] = forged
