"""A batch normalisation for training steps, faster on feature maps than Keras's own.

Keras computes mean, variance, scale and shift one after the other, each of them a pass over the
whole map, and as many again for the gradient. ``docs/training_speed.md`` has the measurements.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import vaelab.quiet  # noqa: F401, before Keras

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):
    """``keras.layers.BatchNormalization``, trained with TensorFlow's fused operation.

    Weights, configuration, results, running averages and gradients are those of Keras's layer, but for
    rounding; it has its name as well, because files of weights are sorted by it. Where it
    does not train on maps (batch, rows, columns, channels) of float32, Keras computes.

    Made for training steps, it trains unless it is told not to. Keras's layer does so only if the model's ``call``
    passes ``training`` on: in a model whose ``call`` has no such argument it would never normalise anything.
    """

    def call(self, inputs, training=None, mask=None):
        training = True if training is None else training
        if training is not True or mask is not None or not fuses(self, inputs):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=self.gamma, offset=self.beta, mean=[], variance=[], epsilon=self.epsilon, is_training=True
        )
        # TensorFlow divides by one less than the number of values, Keras by their number.
        count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), variance.dtype)
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance * (count - 1) / count)):
            average.assign(average * self.momentum + value * (1 - self.momentum))
        return outputs


def fuses(layer: keras.layers.BatchNormalization, inputs: tf.Tensor) -> bool:
    """Whether the fused operation computes what this ``keras.layers.BatchNormalization`` does in training."""
    return (
        layer.trainable
        and layer.center
        and layer.scale
        and not layer.synchronized
        and len(inputs.shape) == 4
        and layer.axis in (-1, 3)
        and inputs.dtype == layer.gamma.dtype == "float32"
    )


@contextmanager
def faster(model: keras.Model) -> Iterator[None]:
    """Within the block, let every ``keras.layers.BatchNormalization`` of a model compute as the one here.

    Meant for a training step, or its tracing: afterwards the model is a plain Keras model again, and a
    function keeps what it has traced.
    """
    changed = [layer for layer in _layers(model) if type(layer) is keras.layers.BatchNormalization]
    for layer in changed:
        layer.__class__ = BatchNormalization
    try:
        yield
    finally:
        for layer in changed:
            layer.__class__ = keras.layers.BatchNormalization


def _layers(model):
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers(layer)
