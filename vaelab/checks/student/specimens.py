"""Implementations of a VAE's two formulas, given by numbers, and four models trained with them.

Notebook 5 asks for a test that tells right implementations from wrong ones. If the wrong
ones were written as code, reading would be enough; as rows of numbers they have to be
tested. ``tools/train_healthy.py`` trained the four models and wrote what was recorded to
``vaelab/assets/reference/healthy.json``. The numbers of their formulas are beside the judge
(``vaelab/checks/judge/specimens.json``): one of them is right, so no kernel of a grader has them.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import vaelab.quiet

import numpy as np
from keras import ops
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaelab import plots
from vaelab.checks.student.formulas import KlNumbers, SampleNumbers


class Implementation:
    """A KL term and a sampling step, made from numbers.

    Parameters
    ----------
    kl_numbers : sequence of floats
        In the order of `KlNumbers`.
    sample_numbers : sequence of floats
        In the order of `SampleNumbers`.
    """

    def __init__(self, kl_numbers, sample_numbers):
        for name, numbers, kind in (("kl", kl_numbers, KlNumbers), ("sample", sample_numbers, SampleNumbers)):
            if len(numbers) != len(kind._fields):
                raise ValueError(f"{name}_numbers holds {len(numbers)} numbers; {len(kind._fields)} were expected.")
        self._kl = KlNumbers(*(float(np.float32(number)) for number in kl_numbers))
        self._sample = SampleNumbers(*(float(np.float32(number)) for number in sample_numbers))

    def kl(self, z_mean: ArrayLike, z_log_var: ArrayLike) -> Any:
        """What this implementation takes for the KL term: ``(batch,)``, in nats.

        Parameters
        ----------
        z_mean, z_log_var : tensors or arrays of shape (batch, latent_dim)
        """
        m, v = ops.convert_to_tensor(z_mean, "float32"), ops.convert_to_tensor(z_log_var, "float32")
        n = self._kl
        w = n.log_var * v + n.abs_log_var * ops.abs(v)
        terms = n.square * ops.square(m) + n.abs * ops.abs(m) + n.plain * m
        terms = terms + n.spread * ops.exp(n.rate * w) + n.entropy * w + n.constant
        terms = terms + n.precision * ops.exp(n.precision_rate * w) * ops.square(m)
        return ops.sum(terms, axis=-1) * float(m.shape[-1]) ** n.power

    def sample(self, z_mean: ArrayLike, z_log_var: ArrayLike, epsilon: ArrayLike) -> Any:
        """What this implementation makes of standard Gaussian noise: z, ``(batch, latent_dim)``.

        Parameters
        ----------
        z_mean, z_log_var, epsilon : tensors or arrays of shape (batch, latent_dim)
        """
        m, v, noise = (ops.convert_to_tensor(t, "float32") for t in (z_mean, z_log_var, epsilon))
        n = self._sample
        return m + (n.factor * ops.exp(n.rate * v) + n.linear * v) * noise


def load() -> dict[str, Specimen]:
    """The four trained models of notebook 5.

    Where a grader hides the numbers of their formulas, all that these give is nan, and a line is printed that says so.

    Returns
    -------
    dict of str to Specimen
        By name, ``"A"`` to ``"D"``.
    """
    package = Path(vaelab.__file__).parent
    file = package / "assets" / "reference" / "healthy.json"
    models = json.loads(file.read_text(encoding="utf-8"))["models"]
    try:
        formulas = json.loads((package / "checks" / "judge" / "specimens.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        print(
            "While graded, the four models have no formulas, as one that is right would be an answer: "
            "all that they give here is nan. The checks do not use them."
        )
        hidden = [[math.nan] * len(numbers._fields) for numbers in (KlNumbers, SampleNumbers)]
        formulas = {name: dict(zip(("kl_numbers", "sample_numbers"), hidden)) for name in models}
    return {name: Specimen(**formulas[name], **model) for name, model in models.items()}


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
