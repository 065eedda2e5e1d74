"""A convolution that trains faster where it has few filters, in place of Keras's own.

TensorFlow's gradients of a convolution with one filter take longer on a CPU than all the
rest of that layer's network. ``docs/training_speed.md`` has the measurements.
"""

from contextlib import contextmanager

import vaelab.quiet  # noqa: F401, before Keras

import keras
from keras import ops


class Conv2D(keras.layers.Conv2D):
    """``keras.layers.Conv2D``, computed as one matrix product and a sum of shifted images.

    Weights, configuration and results are those of Keras's layer, gradients included, but for
    rounding; it has its name as well, because files of weights are sorted by it. Each pixel's channels are first projected on all positions of all filters, with one
    product; the output is the sum of what the projections contribute, each moved by its position in the
    filter. That is little data as long as filters times kernel area is not above the number
    of channels. Where it is, or with strides, dilation, groups or channels first, Keras computes.
    """

    def call(self, inputs):
        if not projects_well(self, inputs.shape[-1]):
            return super().call(inputs)
        height, width = self.kernel_size
        *size, channels = inputs.shape[1:]
        kernel = ops.reshape(ops.transpose(self.kernel, (2, 0, 1, 3)), (channels, height * width * self.filters))
        projected = ops.matmul(ops.reshape(inputs, (-1, channels)), kernel)
        parts = ops.split(ops.reshape(projected, (-1, *size, height * width * self.filters)), height * width, axis=-1)
        if self.padding == "same":
            before, after = zip(*(((length - 1) // 2, length // 2) for length in self.kernel_size))
            parts = [ops.pad(part, ((0, 0), *zip(before, after), (0, 0))) for part in parts]
        rows, columns = (total - length + 1 for total, length in zip(parts[0].shape[1:3], self.kernel_size))
        outputs = sum(
            part[:, row : row + rows, column : column + columns]
            for part, (row, column) in zip(parts, ((row, column) for row in range(height) for column in range(width)))
        )
        if self.use_bias:
            outputs = outputs + self.bias
        return outputs if self.activation is None else self.activation(outputs)


def projects_well(layer, channels):
    """Whether the projection computes what this ``keras.layers.Conv2D`` does, and with less work for the memory."""
    height, width = layer.kernel_size
    return (
        layer.strides == (1, 1)
        and layer.dilation_rate == (1, 1)
        and layer.groups == 1
        and layer.padding in ("valid", "same")
        and layer.data_format == "channels_last"
        and height * width * layer.filters <= channels
    )


@contextmanager
def faster(model):
    """Within the block, let every ``keras.layers.Conv2D`` of a model compute as the one here.

    Meant for the tracing of a function: afterwards the model is a plain Keras model again, and the
    function keeps what it has traced.
    """
    changed = [layer for layer in _layers(model) if type(layer) is keras.layers.Conv2D]
    for layer in changed:
        layer.__class__ = Conv2D
    try:
        yield
    finally:
        for layer in changed:
            layer.__class__ = keras.layers.Conv2D


def _layers(model):
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers(layer)
