"""From latent points to 8-bit pixels: exactly, one point at a time, or blended from a grid."""

import math
from dataclasses import dataclass

import numpy as np

# Points of a grid in each dimension: the first that keeps blended pixels this close to the
# exact ones (as a share of the range from black to white), else the last.
GRID_SIZES = (33, 65)
GOOD_ENOUGH = 0.05
# Decoders of images so large that a grid would take more than this are asked at every step.
GRID_BYTES = 8_000_000
# Grid points lie closer together near the origin, where the training put the images and
# where decoders change fastest: a third closer than evenly spaced ones.
GRID_WARP = 1.5
# Blending is worst halfway between grid points. There the error is measured, in at most so
# many places; the margin is for what lies between those.
_MEASURED = 1024
_MARGIN = 1.25

# Decoders may overshoot [0, 1] by rounding, not by more.
_SLACK = 1e-3
# Images decoded at once: few enough for the kernel to stay responsive in between.
_BATCH = 256


class PixelDecoder:
    """A Keras decoder as a function from one latent point to 8-bit pixels.

    Parameters
    ----------
    decoder : keras.Model
        From ``(batch, latent_dim)`` to pixel values in [0, 1]: ``(batch, height, width)``,
        ``(batch, height, width, channels)`` with 1 or 3 channels, or flat.
    name : str
        How the interface calls it.
    image_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)``. Needed for flat outputs
        that are not square and grey.
    latent_dim : int, optional
        Needed for models that do not know their input shape (subclasses of keras.Model).

    Attributes
    ----------
    latent_dim : int
    shape : tuple of int
        ``(height, width, channels)``.

    Raises
    ------
    TypeError, ValueError
        If it is not a decoder to images. The decoder is called once to see.
    """

    def __init__(self, decoder, name="decoder", image_shape=None, latent_dim=None):
        self.name = name
        self.latent_dim = _latent_dim(decoder, name, latent_dim)
        import tensorflow as tf  # here, so that importing the explorer stays cheap

        def pixels(z):
            return tf.cast(tf.round(tf.clip_by_value(decoder(z, training=False), 0.0, 1.0) * 255.0), tf.uint8)

        # One signature: compiled once, whatever the slider says.
        self._pixels = tf.function(pixels, input_signature=[tf.TensorSpec((1, self.latent_dim), tf.float32)])
        self._decoder = decoder
        # Draws of the prior: at the origin alone, outputs beyond [0, 1] could go unnoticed.
        trial = self._values(np.random.default_rng(0).normal(size=(16, self.latent_dim)).astype(np.float32))
        self.shape = _image_shape(trial.shape, image_shape, name)

    def __call__(self, z):
        """The 8-bit image at one latent point: ``(height, width, channels)``, uint8."""
        z = np.asarray(z, np.float32).reshape(1, self.latent_dim)
        return self._pixels(z).numpy().reshape(self.shape)

    def images(self, z):
        """Pixel values in [0, 1] at many points ``(N, latent_dim)``: ``(N, height, width, channels)``, float32."""
        z = np.asarray(z, np.float32).reshape(-1, self.latent_dim)
        return self._values(z).reshape(-1, *self.shape)

    def _values(self, z):
        try:
            values = np.asarray(self._decoder(z, training=False), np.float32)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{self.name} failed on latent points of shape {z.shape}: {error}\n"
                "Expected a decoder that takes (batch, latent_dim)."
            ) from error
        low, high = float(values.min()), float(values.max())
        if not (low >= -_SLACK and high <= 1 + _SLACK):  # so written, NaN fails too
            raise ValueError(
                f"{self.name} gives pixel values from {low:.4g} to {high:.4g}; expected [0, 1]. "
                "End it in a sigmoid, or wrap it in a model that maps its output to [0, 1]."
            )
        return values.clip(0, 1)


def _latent_dim(decoder, name, latent_dim):
    if not callable(decoder):
        raise TypeError(f"{name} is a {type(decoder).__name__}; expected a Keras model from latent points to images.")
    shape = getattr(decoder, "input_shape", None)
    if shape is None:
        if latent_dim is None:
            raise ValueError(f"{name} does not say what input it takes; pass latent_dim as well.")
        return latent_dim
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] is None or latent_dim not in (None, shape[1]):
        wanted = "(None, latent_dim)" if latent_dim is None else f"(None, {latent_dim})"
        raise ValueError(
            f"{name} takes inputs of shape {shape}; expected {wanted}. "
            "Pass the decoder, not the encoder or the whole VAE."
        )
    return shape[1]


def _image_shape(output, wanted, name):
    """(height, width, channels) for an output of shape (batch, ...)."""
    size = math.prod(output[1:])
    if wanted is not None:
        shape = tuple(wanted) if len(wanted) == 3 else (*wanted, 1)
        if len(shape) != 3 or shape[2] not in (1, 3) or math.prod(shape) != size:
            raise ValueError(
                f"image_shape is {tuple(wanted)}, but {name} gives {size} values an image (output shape (batch, {', '.join(map(str, output[1:]))})); "
                "expected (height, width) or (height, width, channels) with 1 or 3 channels and as many values."
            )
        return shape
    if len(output) == 2:
        side = math.isqrt(size)
        if side * side != size:
            raise ValueError(
                f"{name} gives {size} values an image, which is not a square; "
                "say image_shape=(height, width) or (height, width, channels)."
            )
        return (side, side, 1)
    if len(output) == 3:
        return (*output[1:], 1)
    if len(output) == 4 and output[3] in (1, 3):
        return output[1:]
    raise ValueError(
        f"{name} has outputs of shape (batch, {', '.join(map(str, output[1:]))}); expected (batch, pixels), "
        "(batch, height, width) or (batch, height, width, channels) with 1 or 3 channels, channels last."
    )


@dataclass(frozen=True)
class Grid:
    """Images decoded on a square lattice of a 2-D latent space, for bilinear blending.

    Attributes
    ----------
    limit : float
        The lattice spans [-limit, limit] in both dimensions.
    pixels : numpy.ndarray
        uint8, ``(n, n, height, width, channels)``; rows are z2, columns z1, both increasing.
    error : float
        How much a blended pixel may differ from the exact one, as a share of the range from
        black to white: a quarter more than the largest difference measured.
    """

    limit: float
    pixels: np.ndarray
    error: float

    @classmethod
    def build(cls, decoder, limit):
        """Build ever finer grids of a PixelDecoder with two latent dimensions.

        Yields a Grid whenever one is ready and None in between, after every few images, so
        that whoever waits can do something else. Yields no grid if it would be too large.
        """
        for n in GRID_SIZES:
            if n * n * math.prod(decoder.shape) > GRID_BYTES:
                return
            pixels = np.empty((n * n, *decoder.shape), np.uint8)
            for rows, images in _in_batches(decoder, _lattice(limit, np.arange(n) / (n - 1))):
                pixels[rows] = np.rint(images * 255)
                yield None
            grid = cls(limit, pixels.reshape(n, n, *decoder.shape), 0.0)
            halfway = _lattice(limit, (np.arange(n - 1) + 0.5) / (n - 1))
            halfway = np.random.default_rng(0).permutation(halfway)[:_MEASURED]
            error = 0.0
            for rows, images in _in_batches(decoder, halfway):
                error = max(error, float(np.abs(grid.blend(halfway[rows]) / 255 - images).max()))
                yield None
            grid = cls(limit, grid.pixels, _MARGIN * error)
            yield grid
            if grid.error <= GOOD_ENOUGH:
                return

    @classmethod
    def of(cls, decoder, limit):
        """The finest grid that ``build`` yields, or None."""
        grids = [grid for grid in cls.build(decoder, limit) if grid is not None]
        return grids[-1] if grids else None

    def blend(self, z):
        """Blended images at points ``(N, 2)``: float, 0 to 255, ``(N, height, width, channels)``.

        What ``stage.js`` computes in the browser, before rounding.
        """
        n, p = len(self.pixels), self.pixels
        share = np.arcsinh(np.asarray(z, np.float64).clip(-self.limit, self.limit) * _STRETCH / self.limit) / GRID_WARP
        place = (share + 1) / 2 * (n - 1)
        low = np.minimum(place.astype(int), n - 2)
        (i, j), (a, b) = low.T, (place - low).T[..., None, None, None]
        return (1 - b) * ((1 - a) * p[j, i] + a * p[j, i + 1]) + b * ((1 - a) * p[j + 1, i] + a * p[j + 1, i + 1])


_STRETCH = math.sinh(GRID_WARP)


def _in_batches(decoder, z):
    for start in range(0, len(z), _BATCH):
        rows = slice(start, start + _BATCH)
        yield rows, decoder.images(z[rows])


def _lattice(limit, shares):
    """Points ``(N * N, 2)`` at N shares (0 to 1) of the warped way across [-limit, limit]; z1 runs fastest."""
    axis = limit * np.sinh(GRID_WARP * (2 * shares - 1)) / _STRETCH
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype(np.float32)
