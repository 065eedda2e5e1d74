"""The steps of layers that work on images, and on sequences, which are images of height 1."""

import math

import numpy as np

from vaelab.explorer.program.build import NotExportable, array


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
def conv(builder, layer, value):
    return _convolve(builder, layer, value, array(layer.kernel), array(layer.bias), layer.groups)


def _depthwise_kernel(kernel):
    """(..., channels, multiplier) as a grouped kernel (..., 1, channels * multiplier)."""
    kernel = array(kernel)
    return kernel.reshape(*kernel.shape[:-2], 1, -1)


@_as_images
def depthwise(builder, layer, value):
    channels = builder.shapes[value][2]
    return _convolve(builder, layer, value, _depthwise_kernel(layer.kernel), array(layer.bias), channels)


@_as_images
def separable(builder, layer, value):
    channels = builder.shapes[value][2]
    value = _convolve(builder, layer, value, _depthwise_kernel(layer.depthwise_kernel), None, channels)
    pointwise = array(layer.pointwise_kernel)
    return builder.dense(value, pointwise.reshape(pointwise.shape[-2:]), array(layer.bias))


@_as_images
def conv_transpose(builder, layer, value):
    rank = layer.rank
    kernel = array(layer.kernel)  # (..., filters, channels)
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
        value, (*size, kernel.shape[2]), kernel, array(layer.bias),
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


def pool(kind):
    @_as_images
    def rule(builder, layer, value):
        rank = len(layer.pool_size) if not isinstance(layer.pool_size, int) else 1
        size, strides = _pair(layer.pool_size, rank), _pair(layer.strides, rank)
        made, pad = _window(builder.shapes[value][:2], size, strides, layer.padding)
        return builder.pool(value, (*made, builder.shapes[value][2]), kind, size=size, strides=strides, pad=pad)

    return rule


def global_pool(kind):
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
def upsample(builder, layer, value):
    if layer.interpolation not in ("nearest", "bilinear"):
        raise NotExportable(
            f"UpSampling2D ({layer.name}) interpolates {layer.interpolation!r}; known are nearest and bilinear."
        )
    height, width, _ = builder.shapes[value]
    return builder.resize(value, (height * layer.size[0], width * layer.size[1]), layer.interpolation)
