"""Losses of a VAE, given by numbers, and operation ``weigh``, which hands them to the target.

The exercise `effective_beta` is to find the weight of the KL from what a loss returns. If the
losses were written as code, reading would be enough; as numbers they have to be tried out.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from vaelab.checks.student.describe import describe
from vaelab.checks.student.functions import attempt


class Weights(NamedTuple):
    """How a loss weighs its two terms.

    Both start as sums, over pixels and over latent dimensions, averaged over the images. A power of
    -1 turns the sum over that axis into a mean; a power of 1 for the batch turns the mean over the
    images into a sum.
    """

    reconstruction: float = 1.0
    kl: float = 1.0
    pixels_power: float = 0.0  # of the number of pixels, on the reconstruction
    dimensions_power: float = 0.0  # of the number of latent dimensions, on the KL
    reconstruction_batch_power: float = 0.0
    kl_batch_power: float = 0.0
    constant: float = 0.0  # added to the loss
    entropy: float = 0.0  # times the entropy of the images, which no weight of a network changes


class Loss:
    """A loss made from `Weights`: called with (x, x_decoded, z_mean, z_log_var), it returns a scalar tensor.

    Parameters
    ----------
    numbers : sequence of 8 floats
        The fields of `Weights` in their order.
    """

    def __init__(self, numbers: Sequence[float]):
        self._weights = Weights(*(float(number) for number in numbers))

    def __call__(self, x, x_decoded, z_mean, z_log_var):
        import keras
        from keras import ops

        x, p, m, v = (ops.convert_to_tensor(t, "float32") for t in (x, x_decoded, z_mean, z_log_var))
        w, batch = self._weights, float(x.shape[0])
        pixels, dimensions = float(np.prod(x.shape[1:])), float(np.prod(m.shape[1:]))

        def total(terms):
            return ops.sum(terms) / batch

        # Keras clips probabilities to [1e-7, 1 - 1e-7], so that every value is finite.
        reconstruction = total(keras.ops.binary_crossentropy(x, p))
        entropy = total(keras.ops.binary_crossentropy(x, x))
        kl = total(0.5 * (ops.square(m) + ops.exp(v) - v - 1))
        return (
            w.reconstruction * pixels**w.pixels_power * batch**w.reconstruction_batch_power * reconstruction
            + w.kl * dimensions**w.dimensions_power * batch**w.kl_batch_power * kl
            + w.entropy * entropy
            + w.constant
        )


def weigh(asked: dict, given: dict[str, np.ndarray], target: Callable, arrays: dict[str, np.ndarray]) -> dict:
    """Call ``target(loss, x, x_decoded, z_mean, z_log_var)`` for each case.

    ``cases`` is a list of ``{"loss": row of the array "losses", "args": [names of four arrays]}``.
    """

    def run(i, case):
        loss = Loss(given["losses"][case["loss"]])
        inputs = [given[name].astype("float32") for name in case["args"]]
        return {"output": describe(target(loss, *inputs), f"output{i}", arrays)}

    return {"results": [attempt(run, i, case, target) for i, case in enumerate(asked["cases"])]}
