"""Drawing inputs on which no two different formulas agree.

Values are multiples of 1/64 below 4, exact in every floating-point type down to
bfloat16. Magnitudes keep away from 0, 1 and 2, where squares, absolute values and
doubles meet; both signs occur; a batch is never as long as the latent space is wide.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def grid(values: ArrayLike) -> np.ndarray:
    """`values` moved to the nearest multiple of 1/64."""
    return np.round(np.asarray(values) * 64) / 64


def _signed(rng, shape, low, high):
    """Magnitudes in [low, high] away from 1 and 2; every column has both signs."""
    size = rng.uniform(low, high, shape)
    size += 0.11 * (abs(size - 1) < 0.1) + 0.11 * (abs(size - 2) < 0.1)
    sign = rng.choice([-1.0, 1.0], shape)
    if shape[0] > 1:
        sign[0], sign[1] = 1.0, -1.0
        sign = rng.permuted(sign, axis=0)
    return grid(size * sign)


def gaussians(rng: np.random.Generator, batch: int, latent_dim: int) -> tuple[np.ndarray, np.ndarray]:
    """``(z_mean, z_log_var)``, each ``(batch, latent_dim)``."""
    return _signed(rng, (batch, latent_dim), 0.3, 2.3), _signed(rng, (batch, latent_dim), 0.3, 1.9)


def sizes(rng: np.random.Generator) -> tuple[int, int]:
    """``(batch, latent_dim)``, coprime to what a formula could multiply or divide by."""
    return int(rng.choice([7, 8, 11])), int(rng.choice([3, 5, 6]))


def networks(
    rng: np.random.Generator, input_shape: Sequence[int], latent_dim: int, hidden: int
) -> dict[str, np.ndarray]:
    """Weights for the probe's networks, by name; exact in float32.

    Chosen so that z_mean spreads over about ±2, z_log_var over about ±1.5 and the
    probabilities over (0.05, 0.95): no exponential overflows and no logarithm is clipped,
    so that a wrong formula differs from the right one by much more than rounding.
    """
    pixels = int(np.prod(input_shape))
    size = {
        "encoder_hidden": (pixels, hidden, 3.0),
        "z_mean": (hidden, latent_dim, 1.6),
        "z_log_var": (hidden, latent_dim, 1.2),
        "decoder_hidden": (latent_dim, hidden, 1.0),
        "pixels": (hidden, pixels, 1.4),
    }
    weights = {}
    for name, (rows, columns, gain) in size.items():
        weights[f"{name}.kernel"] = rng.normal(size=(rows, columns)) * gain / np.sqrt(rows)
        weights[f"{name}.bias"] = rng.normal(size=columns) * 0.3
    weights["encoder_hidden.kernel"] -= weights["encoder_hidden.kernel"].mean(0)
    weights["noise.mean"] = rng.normal(size=(latent_dim, latent_dim)) / np.sqrt(latent_dim)
    weights["noise.log_var"] = rng.normal(size=(latent_dim, latent_dim)) / np.sqrt(latent_dim)
    weights["noise.phase"] = rng.uniform(0, 6, latent_dim)
    return {name: value.astype("float32").astype("float64") for name, value in weights.items()}


def images(rng: np.random.Generator, count: int, input_shape: Sequence[int]) -> np.ndarray:
    """Grey-scale images in [0, 1], ``(count, *input_shape)``, of unlike brightness."""
    power = rng.permutation(np.linspace(-1.5, 1.5, count)) if count > 1 else rng.uniform(-1, 1, 1)
    power = np.exp(power).reshape(-1, *[1] * len(input_shape))
    return (rng.uniform(0.02, 0.98, (count, *input_shape)) ** power).astype("float32").astype("float64")
