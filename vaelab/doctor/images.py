"""What the images say: their range, copies of one image in two sets, and the numbers that losses are compared with."""

from typing import NamedTuple

import numpy as np

from vaelab import metrics


class Landmarks(NamedTuple):
    """Bernoulli cross-entropy of these images, in nats per image."""

    pixel_mean: float  # with each pixel's mean as the prediction: what a collapsed model gives
    floor: float  # with the image itself as the prediction: no model gets below


def landmarks(x: np.ndarray) -> Landmarks:
    """Landmarks of images in [0, 1], ``(N, pixels)``."""
    return Landmarks(metrics.pixel_mean_nll(x, x), metrics.entropy_floor(x))


def common(x: np.ndarray, other: np.ndarray) -> int:
    """How many images of `other` are in `x`, pixel by pixel."""
    rows = {row.tobytes() for row in np.ascontiguousarray(x.reshape(len(x), -1), dtype="float32")}
    others = np.ascontiguousarray(other.reshape(len(other), -1), dtype="float32")
    return sum(row.tobytes() in rows for row in others)
