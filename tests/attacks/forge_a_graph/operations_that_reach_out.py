"""Hand over graphs that write and read files, call Python, load libraries, and keep tables: a different one each time."""

import itertools

import numpy as np
import tensorflow as tf
from vaelab.checks.student import probe, trace

def make_conv_encoder(*sizes):
    return None

def hidden(x):
    return tf.py_function(lambda x: print("EFFECT") or x, [x], tf.float32)

def writes(x):
    with tf.control_dependencies([tf.io.write_file("/tmp/EFFECT_graph", "EFFECT"), tf.io.write_file("/home/student/EFFECT", "EFFECT")]):
        return x * 2.0

def reads(x):
    return x * tf.cast(tf.strings.length(tf.io.read_file("/etc/passwd")), tf.float32)

def saves(x):
    with tf.control_dependencies([tf.raw_ops.SaveV2(prefix="/tmp/EFFECT_graph", tensor_names=["x"], shape_and_slices=[""], tensors=[x])]):
        return x * 2.0

def tables(x):
    made = tf.raw_ops.MutableHashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="kept")
    return x * tf.cast(tf.raw_ops.LookupTableSizeV2(table_handle=made), tf.float32)

kinds = itertools.cycle([hidden, writes, reads, saves, tables])

def forged(asked, given, target, arrays):
    kind, graphs = next(kinds), []
    for i, wanted in enumerate(asked["traces"]):
        graph = tf.Graph()
        with graph.as_default():
            x = tf.compat.v1.placeholder(tf.float32, wanted["shape"], name="x")
            y = tf.reshape(kind(x), (wanted["shape"][0], -1))[:, :asked["args"][3]]
            names = [tf.identity(y * k, name=f"y{k}").name for k in (1, 2)]
        arrays[f"graph{i}"] = np.frombuffer(graph.as_graph_def().SerializeToString(), np.uint8)
        graphs.append({"graph": f"graph{i}", "input": "x:0", "outputs": names, "captures": [],
                       "output": {"kind": "list", "length": 2, "items": [{"kind": "tensor", "index": j} for j in range(2)]}})
    return {"model": {"type": "Functional", "is_model": True}, "graphs": graphs, "variables": []}

probe._OPERATIONS["trace"] = forged
