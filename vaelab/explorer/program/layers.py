"""The steps of each Keras layer.

A rule takes the builder, the layer and the numbers of its inputs, and returns that of its result, before the
layer's activation. Layers without a rule that only move numbers (Permute, Cropping2D, ZeroPadding2D,
RepeatVector, Flatten, all kinds of Dropout ...) are recognised by what they do: see ``graph.py``.
"""

import keras
import numpy as np
from keras import layers

from vaelab.explorer.program import images
from vaelab.explorer.program.build import NotExportable, array


def _axis(builder, value, axis):
    """An axis counted without the batch."""
    dimensions = len(builder.shapes[value])
    return axis % (dimensions + 1) - 1


def _dense(builder, layer, value):
    if getattr(layer, "quantization_mode", None):
        raise NotExportable(f"Dense ({layer.name}) is quantised to {layer.quantization_mode}.")
    return builder.dense(value, array(layer.kernel), array(layer.bias) if layer.use_bias else None)


def _reshape(builder, layer, value):
    shape = layer.compute_output_shape((None, *builder.shapes[value]))[1:]
    return builder.reshape(value, shape)


def _batch_norm(builder, layer, value):
    axis = _axis(builder, value, layer.axis)
    scale = 1 / np.sqrt(array(layer.moving_variance) + layer.epsilon)
    if layer.scale:
        scale = scale * array(layer.gamma)
    offset = -array(layer.moving_mean) * scale
    if layer.center:
        offset = offset + array(layer.beta)
    return builder.affine(value, scale, offset, axis)


def _layer_norm(builder, layer, value):
    axes = sorted(_axis(builder, value, axis) for axis in np.atleast_1d(layer.axis))
    if axes != list(range(axes[0], axes[-1] + 1)):
        raise NotExportable(f"LayerNormalization ({layer.name}) normalises axes that do not lie side by side.")
    mode = "deviation" if layer.rms_scaling else "standard"
    return builder.normalise(
        value, axes[0], axes[-1], layer.epsilon, mode, gamma=array(layer.gamma), beta=array(layer.beta)
    )


def _rms_norm(builder, layer, value):
    axes = sorted(_axis(builder, value, axis) for axis in np.atleast_1d(layer.axis))
    if len(axes) != 1:
        raise NotExportable(f"RMSNormalization ({layer.name}) normalises more than one axis.")
    return builder.normalise(value, axes[0], axes[0], layer.epsilon, "rms", gamma=array(layer.scale))


def _group_norm(builder, layer, value):
    axis = _axis(builder, value, layer.axis)
    channels = builder.shapes[value][axis]
    gamma = array(layer.gamma) if layer.scale else np.ones(channels)
    beta = array(layer.beta) if layer.center else np.zeros(channels)
    return builder.group_normalise(value, axis, layer.groups, layer.epsilon, gamma, beta)


def _rescaling(builder, layer, value):
    scale, offset = (np.asarray(setting, np.float64) for setting in (layer.scale, layer.offset))
    if scale.ndim and keras.config.image_data_format() == "channels_first":
        scale = scale.reshape(scale.shape + (1,) * (3 - scale.ndim))
    return _elementwise(builder, value, scale, offset)


def _elementwise(builder, value, scale, offset):
    """x * scale + offset, both broadcast to the shape of x."""
    shape = builder.shapes[value]
    if scale.size == offset.size == 1:
        return builder.affine(value, scale.reshape(1), offset.reshape(1))
    return builder.affine(value, np.broadcast_to(scale, shape), np.broadcast_to(offset, shape))


def _normalization(builder, layer, value):
    mean, variance = (np.squeeze(array(part), 0) for part in (layer.mean, layer.variance))
    deviation = np.maximum(np.sqrt(variance), 1e-7)  # Keras's own smallest
    if layer.invert:
        return _elementwise(builder, value, deviation, mean)
    return _elementwise(builder, value, 1 / deviation, -mean / deviation)


def _prelu(builder, layer, value):
    slope = np.broadcast_to(array(layer.alpha), builder.shapes[value])
    return builder.add("prelu", [value], builder.shapes[value], [slope])


def _relu(builder, layer, value):
    settings = {"max": layer.max_value, "slope": layer.negative_slope, "threshold": layer.threshold}
    return builder.activation(value, "relu", **{name: _float(number) for name, number in settings.items()})


def _float(number):
    return None if number is None else float(number)


def _softmax(builder, layer, value):
    if not isinstance(layer.axis, int):
        raise NotExportable(f"Softmax ({layer.name}) runs over more than one axis.")
    return builder.softmax(value, _axis(builder, value, layer.axis))


def _merge(kind):
    return lambda builder, layer, *values: builder.combine(values, kind)


def _concatenate(builder, layer, *values):
    return builder.concatenate(values, _axis(builder, values[0], layer.axis))


def _identity(builder, layer, value):
    return value


RULES = {
    layers.Activation: _identity,  # and then the activation, as of every layer
    layers.Add: _merge("add"),
    layers.Average: _merge("average"),
    layers.AveragePooling1D: images.pool("average"),
    layers.AveragePooling2D: images.pool("average"),
    layers.BatchNormalization: _batch_norm,
    layers.Concatenate: _concatenate,
    layers.Conv1D: images.conv,
    layers.Conv1DTranspose: images.conv_transpose,
    layers.Conv2D: images.conv,
    layers.Conv2DTranspose: images.conv_transpose,
    layers.Dense: _dense,
    layers.DepthwiseConv1D: images.depthwise,
    layers.DepthwiseConv2D: images.depthwise,
    layers.ELU: lambda builder, layer, value: builder.activation(value, "elu", alpha=_float(layer.alpha)),
    layers.GlobalAveragePooling1D: images.global_pool("average"),
    layers.GlobalAveragePooling2D: images.global_pool("average"),
    layers.GlobalMaxPooling1D: images.global_pool("max"),
    layers.GlobalMaxPooling2D: images.global_pool("max"),
    layers.GroupNormalization: _group_norm,
    layers.LayerNormalization: _layer_norm,
    layers.LeakyReLU: lambda builder, layer, value: builder.activation(value, "leaky_relu", slope=_float(layer.negative_slope)),
    layers.Maximum: _merge("maximum"),
    layers.MaxPooling1D: images.pool("max"),
    layers.MaxPooling2D: images.pool("max"),
    layers.Minimum: _merge("minimum"),
    layers.Multiply: _merge("multiply"),
    layers.Normalization: _normalization,
    layers.PReLU: _prelu,
    layers.ReLU: _relu,
    layers.RMSNormalization: _rms_norm,
    layers.Rescaling: _rescaling,
    layers.Reshape: _reshape,
    layers.SeparableConv1D: images.separable,
    layers.SeparableConv2D: images.separable,
    layers.Softmax: _softmax,
    layers.Subtract: _merge("subtract"),
    layers.UpSampling2D: images.upsample,
}  # fmt: skip
