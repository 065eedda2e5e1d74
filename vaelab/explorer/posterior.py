"""What an encoder says about images: q(z|x) as means and log variances."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Posterior:
    """The parameters of q(z|x) for a set of images, each ``(N, latent_dim)``.

    Raises
    ------
    ValueError
        If the shapes differ or values are not finite.
    """

    z_mean: np.ndarray
    z_log_var: np.ndarray

    @classmethod
    def given(cls, pair, latent_dim, n_images, name):
        """From a pair of arrays, checked against what it is to be used with."""
        try:
            z_mean, z_log_var = (np.asarray(part, np.float32) for part in pair)
        except (TypeError, ValueError):
            raise ValueError(
                f"The posterior of {name} should be a pair (z_mean, z_log_var) of arrays (N, {latent_dim})."
            ) from None
        for part, array in (("z_mean", z_mean), ("z_log_var", z_log_var)):
            if array.ndim != 2 or array.shape[1] != latent_dim:
                raise ValueError(
                    f"{part} of {name} has shape {array.shape}; expected (N, {latent_dim}), "
                    f"because the decoder takes {latent_dim} latent dimension(s)."
                )
            if n_images is not None and len(array) != n_images:
                raise ValueError(f"{part} of {name} has {len(array)} rows; expected one for each of {n_images} images.")
            if not np.isfinite(array).all():
                raise ValueError(f"{part} of {name} holds NaN or infinite values.")
        if len(z_mean) != len(z_log_var):
            raise ValueError(f"z_mean of {name} has {len(z_mean)} rows and z_log_var {len(z_log_var)}.")
        return cls(z_mean, z_log_var)

    @classmethod
    def encoded(cls, encoder, images, latent_dim, name):
        """What ``encoder`` makes of ``images`` ``(N, height, width, channels)``, shaped as it takes them."""
        from vaelab import metrics

        expected = getattr(encoder, "input_shape", None)
        if not isinstance(expected, tuple) or None in expected[1:]:
            raise ValueError(f"The encoder of {name} has input shape {expected}; expected a fixed image size.")
        try:
            shaped = images.reshape(len(images), *expected[1:])
        except ValueError:
            raise ValueError(
                f"The encoder of {name} takes {expected}, but the images are {images.shape[1:]}. "
                "Pass images of the size it was trained on."
            ) from None
        return cls.given(metrics.encode(encoder, shaped), latent_dim, len(images), name)

    @property
    def std(self):
        """Standard deviations σ, ``(N, latent_dim)``."""
        return np.exp(self.z_log_var / 2)

    def kl(self, index):
        """KL from q(z|x) of one image to the prior, in nats, for each latent dimension."""
        # The formula is the course's first exercise: the one place that knows it is the checks' oracle.
        from vaelab.checks.judge import oracles

        return oracles.kl(self.z_mean[index][:, None], self.z_log_var[index][:, None])

    def nearest(self, z):
        """Index of the image whose z_mean is nearest to a point."""
        return int(np.square(self.z_mean - np.asarray(z, np.float32)).sum(axis=1).argmin())


def encoder_shape(encoder, image_shape, name) -> tuple[int, ...]:
    """The shape of one image as an encoder (a Keras model or a program) takes it; checked against the images'."""
    programs = getattr(encoder, "input_shapes", None)
    expected = (None, *programs[0]) if programs else getattr(encoder, "input_shape", None)
    if not isinstance(expected, tuple) or None in expected[1:]:
        raise ValueError(f"The encoder of {name} has input shape {expected}; expected a fixed image size.")
    if math.prod(expected[1:]) != math.prod(image_shape):
        raise ValueError(
            f"The encoder of {name} takes {expected}, but the images are {image_shape}. "
            "Pass images of the size it was trained on."
        )
    return expected[1:]
