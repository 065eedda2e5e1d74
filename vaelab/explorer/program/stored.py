"""The course's reference networks as programs, their weights read from the files without Keras."""

import re
from collections import Counter

import h5py
import numpy as np

from vaelab.explorer.program.build import Builder, Program


class Weights:
    """The weights of a ``.weights.h5`` file, layer by layer: Keras counts the layers of a kind, in the model's order."""

    def __init__(self, path):
        with h5py.File(path) as file:
            self._layers = {
                name: [np.asarray(layer["vars"][number]) for number in sorted(layer["vars"], key=int)]
                for name, layer in file["layers"].items()
                if "vars" in layer
            }

    def __call__(self, kind, number=0):
        return self._layers[kind if number == 0 else f"{kind}_{number}"]

    def of(self, layers) -> list[np.ndarray]:
        """Those of a model's layers, for ``model.set_weights``: Keras's own loader takes four times as long."""
        found, numbers = [], Counter()
        for layer in layers:
            if layer.weights:
                kind = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__).lower()
                found += self(kind, numbers[kind])
                numbers[kind] += 1
        return found


def mlp(folder) -> tuple[Program, Program]:
    """The MLP encoder, ``(784,)`` to z_mean and z_log_var, and the MLP decoder, ``(2,)`` to ``(784,)``.

    They are ``models.make_encoder(784, 256, 2)`` and ``models.make_decoder(2, 256, 784)``.
    """
    weights = Weights(folder / "mlp_encoder.weights.h5")
    encoder = Builder([(784,)])
    hidden = encoder.activation(encoder.dense(0, *weights("dense")), "relu")
    heads = [encoder.dense(hidden, *weights("dense", number)) for number in (1, 2)]
    weights = Weights(folder / "mlp_decoder.weights.h5")
    decoder = Builder([(2,)])
    hidden = decoder.activation(decoder.dense(0, *weights("dense")), "relu")
    x_decoded = decoder.activation(decoder.dense(hidden, *weights("dense", 1)), "sigmoid")
    return encoder.program(heads), decoder.program([x_decoded])


def conv_decoder(folder) -> Program:
    """The convolutional decoder, ``(2,)`` to ``(28, 28, 1)``: ``models.make_conv_decoder(2, 128)``."""
    weights = Weights(folder / "conv_decoder.weights.h5")
    builder = Builder([(2,)])
    x = builder.activation(builder.dense(0, *weights("dense")), "relu")
    x = builder.activation(builder.dense(x, *weights("dense", 1)), "relu")
    x = builder.reshape(x, (7, 7, 32))
    # Sizes, strides and paddings as in the model; a transposed "same" convolution with strides 2 drops its last row.
    for number, (size, stride, pad) in enumerate([(14, 2, 0), (14, 1, 1), (29, 2, 0)]):
        kernel, bias = weights("conv2d_transpose", number)
        x = builder.conv(
            x, (size, size, 32), kernel, bias, strides=(stride, stride), dilation=(1, 1), pad=(pad, pad), transposed=True
        )  # fmt: skip
        x = builder.activation(x, "relu")
        gamma, beta, mean, variance = map(np.float64, weights("batch_normalization", number))
        scale = gamma / np.sqrt(variance + 1e-3)  # Keras's default epsilon
        x = builder.affine(x, scale, beta - mean * scale, axis=2)
    kernel, bias = weights("conv2d")
    x = builder.conv(x, (28, 28, 1), kernel.transpose(0, 1, 3, 2), bias, strides=(1, 1), dilation=(1, 1), pad=(0, 0))
    return builder.program([builder.activation(x, "sigmoid")])
