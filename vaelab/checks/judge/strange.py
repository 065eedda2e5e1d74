"""Test images of the embedded sample, and strange ones: what the checks of `anomaly_score` hand out."""

import functools

import h5py
import numpy as np

from vaelab import data, profiles

#: Strokes of some digits: points in the unit square, x to the right and y down.
_DIGITS = (
    ((0.5, 0.08), (0.5, 0.92)),
    ((0.25, 0.28), (0.5, 0.1), (0.73, 0.3), (0.25, 0.9), (0.78, 0.9)),
    ((0.27, 0.15), (0.7, 0.2), (0.47, 0.46), (0.74, 0.7), (0.5, 0.9), (0.26, 0.82)),
    ((0.62, 0.92), (0.62, 0.1), (0.22, 0.62), (0.82, 0.62)),
    ((0.73, 0.1), (0.32, 0.1), (0.3, 0.46), (0.62, 0.44), (0.72, 0.7), (0.5, 0.9), (0.27, 0.82)),
    ((0.66, 0.1), (0.36, 0.45), (0.3, 0.75), (0.5, 0.92), (0.7, 0.74), (0.52, 0.55), (0.33, 0.66)),
    ((0.24, 0.1), (0.77, 0.1), (0.44, 0.92)),
    ((0.5, 0.1), (0.3, 0.28), (0.5, 0.48), (0.72, 0.72), (0.5, 0.92), (0.28, 0.72), (0.5, 0.48), (0.7, 0.28), (0.5, 0.1)),
)  # fmt: skip


@functools.cache
def images() -> np.ndarray:
    """The 2,000 test images of the embedded sample, ``(2000, 28, 28)``, float32."""
    return data.load(profiles.PROFILES["quick"]).x_test


def ordinary(rng: np.random.Generator, chosen: np.ndarray) -> np.ndarray:
    """Test images of these numbers, each a little darker and every pixel changed by up to 2 %, as float64.

    Everybody has the test images: unchanged, they could be looked up.
    """
    picked = images()[chosen].astype("float64")
    picked *= rng.uniform(0.93, 0.98, (len(picked), 1, 1))
    return picked * rng.uniform(0.98, 1.02, picked.shape)


@functools.cache
def weights() -> dict[str, np.ndarray]:
    """The reference MLP VAE's weights, by the names of operation ``score``."""
    folder = data.SAMPLE_FOLDER.parent / "reference"
    found = {}
    for half, layers in (("encoder", 3), ("decoder", 2)):
        with h5py.File(folder / f"mlp_{half}.weights.h5") as file:
            for i in range(layers):
                layer = file["layers/dense" + (f"_{i}" if i else "")]["vars"]
                found |= {f"{half}.{2 * i + j}": layer[str(j)][()] for j in (0, 1)}
    return found


def digits(rng: np.random.Generator, count: int) -> np.ndarray:
    """White strokes on black in the shapes of digits, each turned, sheared and moved a little: (count, 28, 28)."""
    pictures = []
    grid = np.stack(np.meshgrid(np.arange(28), np.arange(28)), -1).astype(float)
    for _ in range(count):
        points = np.array(_DIGITS[rng.integers(len(_DIGITS))]) - 0.5
        points = points + rng.normal(size=points.shape) * 0.025
        turn = rng.normal() * 0.12
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = matrix @ np.array([[1, -rng.uniform(0, 0.3)], [0, 1]])
        points = points @ matrix.T * rng.uniform(17, 21) + 13.5 + rng.normal(size=2)
        distance = np.full((28, 28), np.inf)
        for start, end in zip(points, points[1:]):
            along = np.clip(((grid - start) @ (end - start)) / ((end - start) @ (end - start)), 0, 1)
            distance = np.minimum(distance, np.linalg.norm(grid - start - along[..., None] * (end - start), axis=-1))
        pictures.append(np.clip(rng.uniform(1.3, 1.9) - distance, 0, 1))
    return np.array(pictures)


def dark(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x * 0.15


def black(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Black but for a faint noise, one level of 255 at most: nobody sees it."""
    return rng.integers(0, 2, x.shape) / 255


def inverted(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 1 - x


def shuffled(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The pixels of each image in an order of its own."""
    return rng.permuted(x.reshape(len(x), -1), axis=1).reshape(x.shape)


def upside_down(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x[:, ::-1]


def sideways(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x.transpose(0, 2, 1)


def halves(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The upper half of one image on the lower half of another."""
    return np.concatenate([x[:, :14], np.roll(x, 1, axis=0)[:, 14:]], axis=1)


def drawn_digits(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return digits(rng, len(x))
