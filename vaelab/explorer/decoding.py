"""From latent points to 8-bit pixels: exactly, one point at a time, or blended from a grid."""

import math
from dataclasses import dataclass

import numpy as np

# A blended pixel differs from the exact one by at most this share of the range from
# black to white. A grid whose differences, measured between its points, come near is
# made finer; if that does not help, or would take too many bytes, there is no grid and
# every image is decoded in the kernel.
BLEND_TOLERANCE = 0.1
GRID_SIZES = (33, 49, 65)
GRID_BYTES = 8_000_000

# Decoders may overshoot [0, 1] by rounding, not by more.
_SLACK = 1e-3
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
        If it is not a decoder to images. The decoder is called once, at z = 0, to see.
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
        origin = self._values(np.zeros((1, self.latent_dim), np.float32))
        self.shape = _image_shape(origin.shape, image_shape, name)

    def __call__(self, z):
        """The 8-bit image at one latent point: ``(height, width, channels)``, uint8."""
        z = np.asarray(z, np.float32).reshape(1, self.latent_dim)
        return self._pixels(z).numpy().reshape(self.shape)

    def images(self, z):
        """Pixel values in [0, 1] at many points ``(N, latent_dim)``: ``(N, height, width, channels)``, float32."""
        z = np.asarray(z, np.float32).reshape(-1, self.latent_dim)
        batches = [self._values(z[start : start + _BATCH]) for start in range(0, len(z), _BATCH)]
        return np.concatenate(batches).reshape(-1, *self.shape)

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
    """(height, width, channels) for an output of shape (1, ...)."""
    size = math.prod(output[1:])
    if wanted is not None:
        shape = tuple(wanted) if len(wanted) == 3 else (*wanted, 1)
        if len(shape) != 3 or shape[2] not in (1, 3) or math.prod(shape) != size:
            raise ValueError(
                f"image_shape is {tuple(wanted)}, but {name} gives {size} values an image (output shape {output}); "
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
        Largest difference found between blended and exact pixels, as a share of the range
        from black to white, halfway between the lattice points, where blending is worst.
    """

    limit: float
    pixels: np.ndarray
    error: float

    @classmethod
    def of(cls, decoder, limit):
        """The coarsest grid that keeps well within ``BLEND_TOLERANCE``, or None."""
        for n in GRID_SIZES:
            if n * n * math.prod(decoder.shape) > GRID_BYTES:
                return None
            points = lattice(limit, n)
            pixels = np.rint(decoder.images(points.reshape(-1, 2)) * 255).astype(np.uint8)
            grid = cls(limit, pixels.reshape(n, n, *decoder.shape), 0.0)
            halfway = (points[:-1, :-1] + points[1:, 1:]).reshape(-1, 2) / 2
            # Every other cell, as on a chessboard: half the decoding, and no cell is far from one measured.
            halfway = halfway[::2] if n % 2 == 0 else halfway[np.indices((n - 1, n - 1)).sum(0).ravel() % 2 == 0]
            error = float(np.abs(grid.blend(halfway) / 255 - decoder.images(halfway)).max())
            if error <= BLEND_TOLERANCE * 0.6:
                return cls(limit, grid.pixels, error)
        return None

    def blend(self, z):
        """Blended images at points ``(N, 2)``: float, 0 to 255, ``(N, height, width, channels)``.

        What ``stage.js`` computes in the browser, before rounding.
        """
        n = len(self.pixels)
        place = (np.asarray(z, np.float64).clip(-self.limit, self.limit) + self.limit) / (2 * self.limit) * (n - 1)
        low = np.minimum(place.astype(int), n - 2)
        (i, j), (a, b) = low.T, (place - low).T[..., None, None, None]
        p = self.pixels
        return (1 - b) * ((1 - a) * p[j, i] + a * p[j, i + 1]) + b * ((1 - a) * p[j + 1, i] + a * p[j + 1, i + 1])


def lattice(limit, n):
    """Points ``(n, n, 2)`` of a square lattice over [-limit, limit]: rows are z2, columns z1."""
    axis = np.linspace(-limit, limit, n, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis), axis=-1)
