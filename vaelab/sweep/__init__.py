"""The recorded models of notebook 7: MLP VAEs over the latent dimension and the weight of the KL.

``tools/train_sweep.py`` trains them, all for as long and from one seed, and records what they reach on the test
images of the embedded sample. Decoders and the codes of test images ship for all, one encoder for the model with
16 latent dimensions and beta = 1.
"""

import functools
import json
from pathlib import Path

import vaelab.quiet  # noqa: F401, before Keras

import keras
import numpy as np
from numpy.typing import ArrayLike

from vaelab import data, metrics, models, profiles

FOLDER = Path(__file__).parent.parent / "assets" / "sweep"
UNITS = 256

#: What was recorded, by "latent_dim:beta": see `tools/train_sweep.py`.
RECORD = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
LATENT_DIMS = (1, 2, 4, 8, 16, 32)  # with beta = 1
BETAS = (0.1, 0.5, 1.0, 2.0, 4.0, 10.0, 50.0)  # with 16 latent dimensions


class RecordedModel:
    """One model of the sweep.

    Attributes
    ----------
    latent_dim : int
    beta : float
        Weight of the KL in the loss that it was trained with.
    reconstruction, kl, negative_elbo : float
        Nats per image, means over the 2,000 test images; the ELBO is the proper one, with weight 1.
    iw : dict of int to float
        Importance-weighted bounds on -log p(x) by number of samples, means over the first 500 test images.
    evidence : float or None
        -log p(x) of the same images, exact; None for more than two latent dimensions.
    knn : float
        Accuracy of classifying test images by the 10 nearest of the training images' z_mean.
    kl_each : list of float
        KL of each latent dimension.
    """

    def __init__(self, latent_dim: int, beta: float):
        name = f"{latent_dim}:{beta:g}"
        if name not in RECORD["models"]:
            raise ValueError(f"No model with {latent_dim} latent dimensions and beta = {beta:g}; there are {names()}.")
        self.latent_dim, self.beta, self._name = latent_dim, float(beta), name
        row = RECORD["models"][name]
        self.reconstruction, self.kl, self.negative_elbo = row["reconstruction"], row["kl"], row["negative_elbo"]
        self.iw = {int(samples): value for samples, value in row["iw"].items()}
        self.evidence, self.knn, self.kl_each = row.get("evidence"), row["knn"], row["kl_each"]

    def __repr__(self):
        return f"{self.latent_dim} latent dimension{'s' * (self.latent_dim > 1)}, β = {self.beta:g}"

    @functools.cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """``(z_mean, z_log_var)`` of test images: (2000, latent_dim) and, of the first, (500, latent_dim)."""
        with np.load(FOLDER / "codes.npz", allow_pickle=False) as file:
            return tuple(file[f"{self._name}.{part}"].astype("float32") for part in ("z_mean", "z_log_var"))

    @functools.cached_property
    def decoder(self) -> keras.Model:
        """keras.Model, ``(batch, latent_dim)`` to ``(batch, 784)``."""
        decoder = models.make_decoder(self.latent_dim, UNITS, 784)
        decoder.set_weights(_weights(f"{self._name}.decoder"))
        return decoder

    @functools.cached_property
    def encoder(self) -> keras.Model:
        """keras.Model, ``(batch, 784)`` to ``[z_mean, z_log_var]``; of the model with 16 dimensions and beta = 1 only."""
        weights = _weights(f"{self._name}.encoder")
        if not weights:
            raise ValueError(f"The encoder of {self!r} was not recorded; that of model(16, 1) was.")
        encoder = models.make_encoder(784, UNITS, self.latent_dim)
        encoder.set_weights(weights)
        return encoder

    def decode(self, z: ArrayLike) -> np.ndarray:
        """Images (N, 784) of codes (N, latent_dim)."""
        return metrics.decode(self.decoder, z)


@functools.cache
def model(latent_dim: int, beta: float = 1.0) -> RecordedModel:
    """The recorded model of this latent dimension and beta.

    Returns
    -------
    RecordedModel

    Raises
    ------
    ValueError
        If there is none.
    """
    return RecordedModel(int(latent_dim), float(beta))


def everything() -> list[RecordedModel]:
    """All recorded models, in the order in which they were trained."""
    return [model(int(d), float(beta)) for d, beta in (name.split(":") for name in RECORD["models"])]


def names() -> str:
    """The recorded models, as "latent_dim:beta"."""
    return ", ".join(RECORD["models"])


@functools.cache
def test_images() -> np.ndarray:
    """The test images that codes belong to: the embedded sample's, (2000, 784)."""
    return data.load(profiles.PROFILES["quick"]).x_test.reshape(-1, 784)


def _weights(prefix):
    with np.load(FOLDER / "weights.npz", allow_pickle=False) as file:
        listed = [name for name in file.files if name.startswith(f"{prefix}.")]
        return [file[name].astype("float32") for name in sorted(listed, key=lambda name: int(name.rsplit(".")[-1]))]
