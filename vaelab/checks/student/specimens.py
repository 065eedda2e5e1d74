"""Implementations of a VAE's two formulas, given by numbers, and four models trained with them.

Notebook 5 asks for a test that tells right implementations from wrong ones. If the wrong
ones were written as code, reading would be enough; as rows of numbers they have to be
tested. ``tools/train_healthy.py`` trained the four models and wrote
``vaelab/assets/reference/healthy.json``, from which every number about them comes.
"""

import json
from pathlib import Path

import vaelab.quiet  # noqa: F401, before Keras

import numpy as np
from keras import ops
from matplotlib.figure import Figure

from vaelab import plots

KL_NUMBERS, SAMPLE_NUMBERS = 12, 3


class Implementation:
    """A KL term and a sampling step, made from numbers.

    Parameters
    ----------
    kl_numbers : sequence of 12 floats
    sample_numbers : sequence of 3 floats
    """

    def __init__(self, kl_numbers, sample_numbers):
        self._kl = np.asarray(kl_numbers, "float32")
        self._sample = np.asarray(sample_numbers, "float32")
        if self._kl.shape != (KL_NUMBERS,) or self._sample.shape != (SAMPLE_NUMBERS,):
            raise ValueError(
                f"{KL_NUMBERS} and {SAMPLE_NUMBERS} numbers were expected, "
                f"not shapes {self._kl.shape} and {self._sample.shape}"
            )

    def kl(self, z_mean, z_log_var):
        """What this implementation takes for the KL term: ``(batch,)``, in nats.

        Parameters
        ----------
        z_mean, z_log_var : tensors or arrays of shape (batch, latent_dim)
        """
        m, v = ops.convert_to_tensor(z_mean, "float32"), ops.convert_to_tensor(z_log_var, "float32")
        a, b, c, d, e, f, g, h, i, j, k, power = (float(n) for n in self._kl)
        w = a * v + b * ops.abs(v)
        terms = c * ops.square(m) + d * ops.abs(m) + e * m + f * ops.exp(g * w) + h * w + i
        terms = terms + j * ops.exp(k * w) * ops.square(m)
        return ops.sum(terms, axis=-1) * float(m.shape[-1]) ** power

    def sample(self, z_mean, z_log_var, epsilon):
        """What this implementation makes of standard Gaussian noise: z, ``(batch, latent_dim)``.

        Parameters
        ----------
        z_mean, z_log_var, epsilon : tensors or arrays of shape (batch, latent_dim)
        """
        m, v, noise = (ops.convert_to_tensor(t, "float32") for t in (z_mean, z_log_var, epsilon))
        a, b, c = (float(n) for n in self._sample)
        return m + (a * ops.exp(b * v) + c * v) * noise


def load():
    """The four trained models of notebook 5.

    Returns
    -------
    dict of str to Specimen
        By name, ``"A"`` to ``"D"``.
    """
    file = Path(vaelab.__file__).parent / "assets" / "reference" / "healthy.json"
    models = json.loads(file.read_text(encoding="utf-8"))["models"]
    return {name: Specimen(**model) for name, model in models.items()}


class Specimen(Implementation):
    """A trained model: its two formulas, and what was recorded while it trained.

    Attributes
    ----------
    loss, val_loss : list of float
        What the model itself reported after each epoch, in nats per image: the mean over
        the training images, and over the test images of the embedded sample.
    true_val_loss : float
        The test loss after the last epoch, computed with the right formulas.
    """

    def __init__(self, kl_numbers, sample_numbers, loss, val_loss, true_val_loss):
        super().__init__(kl_numbers, sample_numbers)
        self.loss, self.val_loss, self.true_val_loss = loss, val_loss, true_val_loss


@plots.figure
def plot_curves(models):
    """Draw the test loss that each model reported, by epoch.

    Parameters
    ----------
    models : dict of str to Specimen

    Returns
    -------
    matplotlib.figure.Figure or None
        None in a notebook, where the figure is displayed with its alternative text.
    """
    fig = Figure(figsize=(8, 4.2))
    ax = fig.subplots()
    colours, markers = (plots.BLUE, plots.VERMILLION, plots.GREEN, plots.BLACK), "osD^"
    for (name, model), colour, marker in zip(models.items(), colours, markers):
        epochs = range(1, len(model.val_loss) + 1)
        ax.plot(epochs, model.val_loss, color=colour, marker=marker, markevery=2, label=f"model {name}")
    ax.set(xlabel="epoch", ylabel="reported test loss, nats per image")
    ax.legend()
    ends = ", ".join(f"{name} {model.val_loss[0]:.1f} to {model.val_loss[-1]:.1f}" for name, model in models.items())
    return fig, (
        "Learning curves of four models, reported test loss in nats per image over "
        f"{len(epochs)} epochs. All fall steeply at first, then slowly: {ends}."
    )
