"""Decoders and encoders as functions of arrays, with the program that runs in the page."""

import functools
import math

import numpy as np

from vaelab.explorer.program import NotExportable, Program, export

# Decoders may overshoot [0, 1] by rounding, not by more.
_SLACK = 1e-3


class Network:
    """A Keras model, or a program of one, as a function of arrays.

    Attributes
    ----------
    model : keras.Model or None
        None if only a program is given.
    program : Program or None
        None if the model has a part that no program knows; ``why`` then says which. Made when it is first asked for, from a
        model that has been called.
    """

    def __init__(self, given, input_shape, outputs):
        self.input_shape = tuple(input_shape)
        self.outputs = outputs
        self.model, self._given = (None, given) if isinstance(given, Program) else (given, None)

    @property
    def program(self) -> Program | None:
        return self._exported[0]

    @property
    def why(self) -> str:
        return self._exported[1]

    @functools.cached_property
    def _exported(self) -> tuple[Program | None, str]:
        if self.model is None:
            return self._given, ""
        try:
            return export(self.model, self.input_shape, self.outputs), ""
        except NotExportable as reason:
            return None, str(reason)

    def __call__(self, inputs) -> list[np.ndarray]:
        """The outputs, each ``(N, ...)`` and float32, of inputs ``(N, ...)`` of any shape with as many numbers."""
        inputs = np.asarray(inputs, np.float32).reshape(-1, *self.input_shape)
        if self.model is None:
            from vaelab.explorer.program.run import run

            return run(self.program, inputs)
        made = self.model(inputs, training=False)
        made = made if isinstance(made, (list, tuple)) else [made]
        return [np.asarray(part, np.float32) for part in made[: self.outputs]]


class PixelDecoder:
    """A decoder as a function from latent points to images.

    Parameters
    ----------
    decoder : keras.Model or Program
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
    network : Network

    Raises
    ------
    TypeError, ValueError
        If it is not a decoder to images. The decoder is called once to see.
    """

    def __init__(self, decoder, name="decoder", image_shape=None, latent_dim=None):
        self.name = name
        self.latent_dim = _latent_dim(decoder, name, latent_dim)
        # Draws of the prior: at the origin alone, outputs beyond [0, 1] could go unnoticed.
        trial = np.random.default_rng(0).normal(size=(16, self.latent_dim)).astype(np.float32)
        try:
            self.network = Network(decoder, (self.latent_dim,), 1)
            values = self._values(trial)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{name} failed on latent points of shape {trial.shape}: {error}\n"
                "Expected a decoder that takes (batch, latent_dim)."
            ) from error
        low, high = float(values.min()), float(values.max())
        if not (low >= -_SLACK and high <= 1 + _SLACK):  # so written, NaN fails too
            raise ValueError(
                f"{name} gives pixel values from {low:.4g} to {high:.4g}; expected [0, 1]. "
                "End it in a sigmoid, or wrap it in a model that maps its output to [0, 1]."
            )
        self.shape = _image_shape(values.shape, image_shape, name)

    def images(self, z):
        """Pixel values in [0, 1] at many points ``(N, latent_dim)``: ``(N, height, width, channels)``, float32."""
        return self._values(z).clip(0, 1).reshape(-1, *self.shape)

    def _values(self, z):
        return self.network(np.reshape(z, (-1, self.latent_dim)))[0]


def _latent_dim(decoder, name, latent_dim):
    if isinstance(decoder, Program):
        return decoder.input_shapes[0][0]
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
