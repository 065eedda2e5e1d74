"""The steps of each Keras layer.

A rule takes the builder, the layer and the numbers of its inputs, and returns that of its result, before the
layer's activation. Layers without a rule that only move numbers (Permute, Cropping2D, ZeroPadding2D,
RepeatVector, Flatten, all kinds of Dropout ...) are recognised by what they do: see ``graph.py``.
"""

import math

import keras
import numpy as np
from keras import layers

from vaelab.explorer.program.build import NotExportable


def _array(variable):
    return None if variable is None else np.asarray(variable, np.float64)


def _axis(builder, value, axis):
    """An axis counted without the batch."""
    dimensions = len(builder.shapes[value])
    return axis % (dimensions + 1) - 1


# Images ---------------------------------------------------------------------------------


def _as_images(rule):
    """Give a rule an image ``(height, width, channels)`` and its result back in the layer's own format."""

    def wrapped(builder, layer, value):
        first = layer.data_format == "channels_first"
        flat = len(builder.shapes[value]) == 2  # one-dimensional: an image of height 1
        if first:
            value = _move(builder, value, (*range(1, len(builder.shapes[value])), 0))
        if flat:
            value = builder.reshape(value, (1, *builder.shapes[value]))
        value = rule(builder, layer, value)
        if flat:
            value = builder.reshape(value, builder.shapes[value][1:])
        if first:
            last = len(builder.shapes[value]) - 1
            value = _move(builder, value, (last, *range(last)))
        return value

    return wrapped


def _move(builder, value, order):
    shape = builder.shapes[value]
    places = np.arange(1, math.prod(shape) + 1).reshape(shape).transpose(order)
    return builder.gather(value, places, places.shape)


def _pair(setting, rank):
    """A setting of one or two dimensions as one of two."""
    setting = (setting,) * rank if isinstance(setting, int) else tuple(setting)
    return (1,) * (2 - len(setting)) + setting


def _window(size, kernel, strides, padding, dilation=(1, 1)):
    """Height and width of what a sliding window makes of an image, and the padding before it."""
    made, pad = [], []
    for n, k, s, d in zip(size, kernel, strides, dilation, strict=True):
        reach = (k - 1) * d + 1
        if padding == "same":
            out = -(-n // s)
            before = max((out - 1) * s + reach - n, 0) // 2
        else:
            before = reach - 1 if padding == "causal" and k > 1 else 0
            out = (n + before - reach) // s + 1
        made.append(out)
        pad.append(before)
    return tuple(made), tuple(pad)


def _convolve(builder, layer, value, kernel, bias, groups):
    rank = layer.rank
    strides, dilation = _pair(layer.strides, rank), _pair(layer.dilation_rate, rank)
    kernel = kernel if rank == 2 else kernel[None]
    size, pad = _window(builder.shapes[value][:2], kernel.shape[:2], strides, layer.padding, dilation)
    # Keras stores (height, width, channels of a group, filters).
    return builder.conv(
        value, (*size, kernel.shape[3]), kernel.transpose(0, 1, 3, 2), bias,
        strides=strides, dilation=dilation, pad=pad, groups=groups,
    )  # fmt: skip


@_as_images
def _conv(builder, layer, value):
    return _convolve(builder, layer, value, _array(layer.kernel), _array(layer.bias), layer.groups)


def _depthwise_kernel(kernel):
    """(..., channels, multiplier) as a grouped kernel (..., 1, channels * multiplier)."""
    kernel = _array(kernel)
    return kernel.reshape(*kernel.shape[:-2], 1, -1)


@_as_images
def _depthwise(builder, layer, value):
    channels = builder.shapes[value][2]
    return _convolve(builder, layer, value, _depthwise_kernel(layer.kernel), _array(layer.bias), channels)


@_as_images
def _separable(builder, layer, value):
    channels = builder.shapes[value][2]
    value = _convolve(builder, layer, value, _depthwise_kernel(layer.depthwise_kernel), None, channels)
    pointwise = _array(layer.pointwise_kernel)
    return builder.dense(value, pointwise.reshape(pointwise.shape[-2:]), _array(layer.bias))


@_as_images
def _conv_transpose(builder, layer, value):
    rank = layer.rank
    kernel = _array(layer.kernel)  # (..., filters, channels)
    kernel = kernel if rank == 2 else kernel[None]
    strides, dilation = _pair(layer.strides, rank), _pair(layer.dilation_rate, rank)
    height, width, channels = builder.shapes[value]
    # Keras itself says how large the result is, whatever the output padding.
    given = (None, height, width, channels) if rank == 2 else (None, width, channels)
    size = _transposed_size(layer, given)
    pad = [0, 0]
    if layer.padding == "same":
        for k, (n, out) in enumerate(zip((height, width), size, strict=True)):
            pad[k] = max((n - 1) * strides[k] + (kernel.shape[k] - 1) * dilation[k] + 1 - out, 0) // 2
    return builder.conv(
        value, (*size, kernel.shape[2]), kernel, _array(layer.bias),
        strides=strides, dilation=dilation, pad=pad, transposed=True,
    )  # fmt: skip


def _transposed_size(layer, given):
    """(height, width) of the result for a channels-last shape."""
    if layer.data_format == "channels_first":
        given = (given[0], given[-1], *given[1:-1])
        size = layer.compute_output_shape(given)[2:]
    else:
        size = layer.compute_output_shape(given)[1:-1]
    return (1,) * (2 - len(size)) + tuple(size)


def _pool(kind):
    @_as_images
    def rule(builder, layer, value):
        rank = len(layer.pool_size) if not isinstance(layer.pool_size, int) else 1
        size, strides = _pair(layer.pool_size, rank), _pair(layer.strides, rank)
        made, pad = _window(builder.shapes[value][:2], size, strides, layer.padding)
        return builder.pool(value, (*made, builder.shapes[value][2]), kind, size=size, strides=strides, pad=pad)

    return rule


def _global_pool(kind):
    def rule(builder, layer, value):
        shape = builder.shapes[value]
        first = layer.data_format == "channels_first"
        axes = (1, len(shape) - 1) if first else (0, len(shape) - 2)
        made = [1 if axes[0] <= axis <= axes[1] else size for axis, size in enumerate(shape)]
        if not layer.keepdims:
            made = [shape[0 if first else -1]]
        return builder.reduce(value, *axes, kind, made)

    return rule


@_as_images
def _upsample(builder, layer, value):
    if layer.interpolation not in ("nearest", "bilinear"):
        raise NotExportable(
            f"UpSampling2D ({layer.name}) interpolates {layer.interpolation!r}; known are nearest and bilinear."
        )
    height, width, _ = builder.shapes[value]
    return builder.resize(value, (height * layer.size[0], width * layer.size[1]), layer.interpolation)


# Everything else ------------------------------------------------------------------------


def _dense(builder, layer, value):
    if getattr(layer, "quantization_mode", None):
        raise NotExportable(f"Dense ({layer.name}) is quantised to {layer.quantization_mode}.")
    return builder.dense(value, _array(layer.kernel), _array(layer.bias) if layer.use_bias else None)


def _reshape(builder, layer, value):
    shape = layer.compute_output_shape((None, *builder.shapes[value]))[1:]
    return builder.reshape(value, shape)


def _batch_norm(builder, layer, value):
    axis = _axis(builder, value, layer.axis)
    scale = 1 / np.sqrt(_array(layer.moving_variance) + layer.epsilon)
    if layer.scale:
        scale = scale * _array(layer.gamma)
    offset = -_array(layer.moving_mean) * scale
    if layer.center:
        offset = offset + _array(layer.beta)
    return builder.affine(value, scale, offset, axis)


def _layer_norm(builder, layer, value):
    axes = sorted(_axis(builder, value, axis) for axis in np.atleast_1d(layer.axis))
    if axes != list(range(axes[0], axes[-1] + 1)):
        raise NotExportable(f"LayerNormalization ({layer.name}) normalises axes that do not lie side by side.")
    mode = "deviation" if layer.rms_scaling else "standard"
    return builder.normalise(
        value, axes[0], axes[-1], layer.epsilon, mode, gamma=_array(layer.gamma), beta=_array(layer.beta)
    )


def _rms_norm(builder, layer, value):
    axes = sorted(_axis(builder, value, axis) for axis in np.atleast_1d(layer.axis))
    if len(axes) != 1:
        raise NotExportable(f"RMSNormalization ({layer.name}) normalises more than one axis.")
    return builder.normalise(value, axes[0], axes[0], layer.epsilon, "rms", gamma=_array(layer.scale))


def _group_norm(builder, layer, value):
    axis = _axis(builder, value, layer.axis)
    channels = builder.shapes[value][axis]
    gamma = _array(layer.gamma) if layer.scale else np.ones(channels)
    beta = _array(layer.beta) if layer.center else np.zeros(channels)
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
    mean, variance = (np.squeeze(_array(part), 0) for part in (layer.mean, layer.variance))
    deviation = np.maximum(np.sqrt(variance), 1e-7)  # Keras's own smallest
    if layer.invert:
        return _elementwise(builder, value, deviation, mean)
    return _elementwise(builder, value, 1 / deviation, -mean / deviation)


def _prelu(builder, layer, value):
    slope = np.broadcast_to(_array(layer.alpha), builder.shapes[value])
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
    layers.AveragePooling1D: _pool("average"),
    layers.AveragePooling2D: _pool("average"),
    layers.BatchNormalization: _batch_norm,
    layers.Concatenate: _concatenate,
    layers.Conv1D: _conv,
    layers.Conv1DTranspose: _conv_transpose,
    layers.Conv2D: _conv,
    layers.Conv2DTranspose: _conv_transpose,
    layers.Dense: _dense,
    layers.DepthwiseConv1D: _depthwise,
    layers.DepthwiseConv2D: _depthwise,
    layers.ELU: lambda builder, layer, value: builder.activation(value, "elu", alpha=_float(layer.alpha)),
    layers.GlobalAveragePooling1D: _global_pool("average"),
    layers.GlobalAveragePooling2D: _global_pool("average"),
    layers.GlobalMaxPooling1D: _global_pool("max"),
    layers.GlobalMaxPooling2D: _global_pool("max"),
    layers.GroupNormalization: _group_norm,
    layers.LayerNormalization: _layer_norm,
    layers.LeakyReLU: lambda builder, layer, value: builder.activation(value, "leaky_relu", slope=_float(layer.negative_slope)),
    layers.Maximum: _merge("maximum"),
    layers.MaxPooling1D: _pool("max"),
    layers.MaxPooling2D: _pool("max"),
    layers.Minimum: _merge("minimum"),
    layers.Multiply: _merge("multiply"),
    layers.Normalization: _normalization,
    layers.PReLU: _prelu,
    layers.ReLU: _relu,
    layers.RMSNormalization: _rms_norm,
    layers.Rescaling: _rescaling,
    layers.Reshape: _reshape,
    layers.SeparableConv1D: _separable,
    layers.SeparableConv2D: _separable,
    layers.Softmax: _softmax,
    layers.Subtract: _merge("subtract"),
    layers.UpSampling2D: _upsample,
}  # fmt: skip
