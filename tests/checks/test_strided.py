"""Convolutions with strides have the right gradients in a replay, 1x1 kernels among them."""

import vaelab.quiet  # noqa: F401, before TensorFlow

import numpy as np
import pytest
import tensorflow as tf

from vaelab.checks.replay.strided import mark


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("strides", [(2, 2), (2, 3)])
def test_gradients_of_convolutions_with_strides_are_those_of_the_formula(padding, kernel, strides):
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(2, 7, 8, 3)), rng.normal(size=(kernel, kernel, 3, 4))
    with tf.Graph().as_default() as graph:
        inputs = [tf.constant(value, tf.float32, name=name) for name, value in (("x", x), ("weights", weights))]
        tf.nn.conv2d(*inputs, strides=strides, padding=padding, name="convolution")
    graph_def = graph.as_graph_def()
    for node in graph_def.node:
        mark(node)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        values = tf.graph_util.import_graph_def(
            graph_def, return_elements=["x:0", "weights:0", "convolution:0"], name=""
        )
        given = session.run(tf.gradients(tf.reduce_sum(tf.sin(values[2])), values[:2]))
    # The oracle differentiates in double precision, for which oneDNN has no kernels.
    with tf.GradientTape() as tape:
        exact = [tf.constant(value) for value in (x, weights)]
        tape.watch(exact)
        total = tf.reduce_sum(tf.sin(tf.nn.conv2d(*exact, strides=strides, padding=padding)))
    for one, other in zip(given, tape.gradient(total, exact), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
