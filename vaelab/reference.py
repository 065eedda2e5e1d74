"""Converged models, so that everyone sees a trained latent space at once.

``tools/train_reference.py`` trains them; ``METRICS`` holds what they reach on the
full test set. The convolutional encoder is the answer to an exercise, so in its place
there is what it says of the embedded sample's images.

``programs`` gives the networks without Keras, for the explorer; importing this module imports neither.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

    from vaelab.explorer.program import Program
    from vaelab.training import History

FOLDER = Path(__file__).parent / "assets" / "reference"

METRICS = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
"""For "mlp" and "conv": nats per image on the full training and test sets for every epoch, and the settings."""


def history(name: str) -> "History":
    """The recorded training of a reference model.

    Parameters
    ----------
    name : {"mlp", "conv"}

    Returns
    -------
    vaelab.training.History
        Its test values are those of the full test set.
    """
    if name not in METRICS:
        raise ValueError(f"There is no reference model {name!r}; expected one of {', '.join(METRICS)}.")
    from vaelab.training import History

    recorded = METRICS[name]
    return History(
        epochs=list(range(1, recorded["epochs"] + 1)),
        **recorded["train"],
        **{f"val_{part}": values for part, values in recorded["test"].items()},
        seconds=recorded["seconds"],
    )


def load_mlp() -> "tuple[keras.Model, keras.Model]":
    """The trained MLP VAE's two halves.

    Returns
    -------
    encoder : keras.Model
        ``(batch, 784)`` to ``[z_mean, z_log_var]``, each ``(batch, 2)``.
    decoder : keras.Model
        ``(batch, 2)`` to ``(batch, 784)``.
    """
    from vaelab import models

    encoder = _loaded(models.make_encoder(784, 256, 2), "mlp_encoder.weights.h5")
    return encoder, _loaded(models.make_decoder(2, 256, 784), "mlp_decoder.weights.h5")


def load_conv_decoder() -> "keras.Model":
    """The trained convolutional decoder, ``(batch, 2)`` to ``(batch, 28, 28, 1)``."""
    from vaelab import models

    return _loaded(models.make_conv_decoder(2, 128), "conv_decoder.weights.h5")


def _loaded(model: "keras.Model", name: str) -> "keras.Model":
    from vaelab.explorer.program.stored import Weights

    model.set_weights(Weights(FOLDER / name).of(model.layers))
    return model


def programs(name: str) -> "tuple[Program | None, Program]":
    """The same networks as programs, read from their weights in a moment: the explorer takes them as they are.

    Parameters
    ----------
    name : {"mlp", "conv"}

    Returns
    -------
    encoder : vaelab.explorer.program.Program or None
        None for "conv", whose encoder is an exercise.
    decoder : vaelab.explorer.program.Program
    """
    from vaelab.explorer.program import stored

    if name not in METRICS:
        raise ValueError(f"There is no reference model {name!r}; expected one of {', '.join(METRICS)}.")
    return stored.mlp(FOLDER) if name == "mlp" else (None, stored.conv_decoder(FOLDER))


def load_conv_posteriors() -> dict[str, np.ndarray]:
    """What the trained convolutional encoder says of the embedded sample's images.

    Returns
    -------
    dict of numpy.ndarray
        ``z_mean_train``, ``z_log_var_train`` of shape ``(10000, 2)`` and
        ``z_mean_test``, ``z_log_var_test`` of shape ``(2000, 2)``, in the sample's order.
    """
    with np.load(FOLDER / "conv_posteriors.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def load_evidence() -> dict[str, np.ndarray]:
    """How tight the bound is for each image of the embedded test set, by ``tools/evidence_table.py``.

    Returns
    -------
    dict of numpy.ndarray
        ``mlp_log_p`` and ``conv_log_p``: exact log p(x); ``mlp_elbo`` and ``conv_elbo``: the ELBO, averaged over
        many codes. Each of shape ``(2000,)``, in nats, in the sample's order.
    """
    with np.load(FOLDER / "evidence.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
