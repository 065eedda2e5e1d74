"""A gradient for 1x1 convolutions with strides, in place of oneDNN's, which destroys memory.

TensorFlow 2.21 hands the gradients of convolutions to oneDNN. Those of a 1x1 kernel with strides, as in
the shortcuts of residual networks, then write past their memory, and the process dies: often with one
thread, now and then with several. A 1x1 convolution with strides is a slice and a 1x1 convolution without
strides, whose gradients are safe.
"""

import vaelab.quiet  # noqa: F401, before TensorFlow

import tensorflow as tf

#: The name by which a node of a graph asks for `gradient`.
NAME = "vaelab.StridedConv2D"


def mark(node) -> None:
    """Let this node of a GraphDef be differentiated by `gradient`, if it is a convolution with strides."""
    if node.op == "Conv2D" and node.attr["data_format"].s in (b"", b"NHWC"):
        if max(node.attr["strides"].list.i, default=1) > 1:
            node.attr["_gradient_op_type"].s = NAME.encode()


@tf.RegisterGradient(NAME)
def gradient(op: tf.Operation, above: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Gradients of a Conv2D by its input and its kernel, from the gradient by its output."""
    x, kernel = op.inputs
    strides = list(op.get_attr("strides"))
    settings = {"padding": op.get_attr("padding").decode(), "dilations": list(op.get_attr("dilations"))}
    if settings["padding"] == "EXPLICIT":
        settings["explicit_paddings"] = list(op.get_attr("explicit_paddings"))
    if tuple(kernel.shape[:2]) != (1, 1) or settings["padding"] == "EXPLICIT":
        return _gradients(x, kernel, above, strides, settings)
    begin, size = [0, 0, 0, 0], tf.shape(x)
    inner, by_kernel = _gradients(
        tf.strided_slice(x, begin, size, strides), kernel, above, [1, 1, 1, 1], {"padding": "VALID"}
    )
    by_x = tf.raw_ops.StridedSliceGrad(shape=size, begin=begin, end=size, strides=strides, dy=inner)
    return by_x, by_kernel


def _gradients(x, kernel, above, strides, settings):
    by_x = tf.raw_ops.Conv2DBackpropInput(
        input_sizes=tf.shape(x), filter=kernel, out_backprop=above, strides=strides, **settings
    )
    by_kernel = tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=tf.shape(kernel), out_backprop=above, strides=strides, **settings
    )
    return by_x, by_kernel
