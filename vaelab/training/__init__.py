"""Train a VAE with a progress display that stays one line long."""

from numbers import Integral

import vaelab.quiet  # noqa: F401, before Keras

import keras
import numpy as np

from vaelab import plots, profiles
from vaelab.data import check_images
from vaelab.training.history import History
from vaelab.training.loop import Loop
from vaelab.training.progress import Progress
from vaelab.training.rate import Rate

__all__ = ["History", "fit"]


def fit(
    vae: keras.Model,
    x_train: np.ndarray,
    *,
    x_test: np.ndarray | None = None,
    epochs: int,
    batch_size: int = 100,
    landmarks: bool = True,
) -> History:
    """Train a VAE, showing progress, and show its learning curve at the end.

    In a notebook one output is updated in place; elsewhere a line is printed every few
    epochs. The notebook's Stop button ends training early and loses nothing: weights and
    completed epochs stay. In the ``grading`` profile nothing is trained.

    Steps are the model's own (``train_step``), as in Keras's ``fit``; the model is not changed
    otherwise. One thing differs: batch normalisation is trained even in a model whose ``call`` takes no
    argument ``training``, where Keras's ``fit`` leaves it as it was.

    The learning rate rises to eight times the one the model was compiled with (but not above 0.01) and
    falls along half a cosine to zero; a model compiled with a schedule keeps it.

    Parameters
    ----------
    vae : keras.Model
        Compiled, and reporting ``loss``, ``reconstruction`` and ``kl``.
    x_train, x_test : numpy.ndarray
        Images, float32 in [0, 1], shaped as the model takes them. Without x_test there is
        no test loss.
    epochs, batch_size : int
    landmarks : bool
        Whether the learning curve shows the landmarks for Fashion-MNIST.

    Returns
    -------
    History

    Raises
    ------
    TypeError
        If vae is not a Keras model, or images are not float32.
    ValueError
        If vae is not compiled or does not report the three numbers, images do not fit the
        model or are not finite and in [0, 1], epochs or batch_size is below 1, or the loss
        becomes NaN or infinite.
    """
    _check_model(vae)
    check_images(x_train, "x_train")
    if x_test is not None:
        check_images(x_test, "x_test")
    _check_shapes(vae, x_train, x_test)
    history = History()
    if not profiles.current().trains:
        print("Nothing is trained while grading: the model keeps the weights it has.")
        plots.learning_curve(history, landmarks=landmarks)
        return history
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} is {value!r}; expected a whole number, at least 1.")

    progress, loop = Progress(history, epochs), Loop(vae, x_train, batch_size, epochs)
    rate = Rate(vae.optimizer, loop.total)
    try:
        for epoch in range(epochs):
            progress.epoch_begins()
            for done, logs in loop.epoch(rate):
                progress.steps(done, loop.steps, logs)
            if x_test is not None:
                # A test step has nothing to update: large batches only spare the cost of calls.
                tested = vae.evaluate(x_test, batch_size=max(batch_size, 500), verbose=0, return_dict=True)
                logs |= {f"val_{name}": value for name, value in tested.items()}
            progress.epoch_ends(logs)
        progress.finish()
    except KeyboardInterrupt:
        progress.finish(stopped=True)
    finally:
        rate.restore()
    plots.learning_curve(history, landmarks=landmarks)
    return history


def _check_model(vae):
    if not isinstance(vae, keras.Model):
        raise TypeError(f"vae is a {type(vae).__name__}; expected a compiled keras.Model, as make_vae returns.")
    if not vae.compiled:
        raise ValueError(
            'The model is not compiled. Call vae.compile(optimizer="adam") in make_vae before it returns the model.'
        )


def _check_shapes(vae, x_train, x_test):
    expected = getattr(vae, "input_shape", None)  # a subclassed model learns it from its first batch
    if isinstance(expected, tuple) and expected[1:] != x_train.shape[1:]:
        raise ValueError(
            f"x_train has shape {x_train.shape}; the model expects {expected} (None: any number). Reshape the images first."
        )
    if x_test is not None and x_test.shape[1:] != x_train.shape[1:]:
        raise ValueError(f"x_train has shape {x_train.shape} and x_test {x_test.shape}; expected images of one shape.")
