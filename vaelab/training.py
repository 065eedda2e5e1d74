"""Train a VAE with a progress display that stays one line long."""

import html
import math
import time
from dataclasses import dataclass, field
from numbers import Integral

import vaelab.quiet  # noqa: F401, before Keras

import keras

from vaelab import plots, profiles
from vaelab.data import check_images

# Four updates a second: enough for the eye, and nothing beside a training step.
_INTERVAL = 0.25


@dataclass
class History:
    """What a training run reported, a number an epoch; losses in nats per image.

    Attributes
    ----------
    epochs : list of int
        1, 2, ... : the epochs that were completed.
    loss, reconstruction, kl : list of float
        Means over the epoch's training batches.
    val_loss, val_reconstruction, val_kl : list of float
        The same on the test images, after the epoch; empty if there were none.
    seconds : list of float
        Wall-clock time of each epoch, testing included.
    """

    epochs: list = field(default_factory=list)
    loss: list = field(default_factory=list)
    reconstruction: list = field(default_factory=list)
    kl: list = field(default_factory=list)
    val_loss: list = field(default_factory=list)
    val_reconstruction: list = field(default_factory=list)
    val_kl: list = field(default_factory=list)
    seconds: list = field(default_factory=list)


def fit(vae, x_train, *, x_test=None, epochs, batch_size=100, landmarks=True):
    """Train a VAE, showing progress, and show its learning curve at the end.

    In a notebook one output is updated in place; elsewhere a line is printed every few
    epochs. The notebook's Stop button ends training early and loses nothing: weights and
    completed epochs stay. In the ``grading`` profile nothing is trained. Over the epochs the
    learning rate falls along half a cosine around the one the model was compiled with; a
    model compiled with a schedule keeps it.

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

    progress, annealing = _Progress(history, epochs), _Annealing(epochs)
    try:
        vae.fit(
            x_train,
            epochs=epochs,
            batch_size=batch_size,
            validation_data=None if x_test is None else (x_test, None),
            callbacks=[annealing, progress],
            verbose=0,
        )
        progress.finish()
    except KeyboardInterrupt:
        progress.finish(stopped=True)
    finally:
        annealing.restore()
    plots.learning_curve(history, landmarks=landmarks)
    return history


class _Annealing(keras.callbacks.Callback):
    """Lets the learning rate fall along half a cosine, from twice the model's own to zero.

    Its mean over the run is what the model was compiled with. Towards the end the steps become
    smaller than the noise of the gradient, which a constant rate never does: the same number
    of epochs ends lower (Loshchilov and Hutter, 2017; ``solutions/README.md`` has the numbers).
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs
        self.epoch = 0
        self.own_rate = None

    def on_train_begin(self, logs=None):
        rate = float(self.model.optimizer.learning_rate)
        try:
            self.model.optimizer.learning_rate = rate
        except TypeError:  # the model was compiled with a schedule of its own
            return
        self.own_rate = rate

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if self.own_rate is not None:
            done = (self.epoch + batch / self.params["steps"]) / self.epochs
            self.model.optimizer.learning_rate = self.own_rate * (1 + math.cos(math.pi * done))

    def restore(self):
        """Give the optimizer its own rate back, also after a training that was stopped or failed."""
        if self.own_rate is not None:
            self.model.optimizer.learning_rate = self.own_rate


class _Progress(keras.callbacks.Callback):
    """Fills a History and keeps one line about it up to date."""

    def __init__(self, history, epochs):
        super().__init__()
        self.history = history
        self.total = epochs
        self.line = _NotebookLine() if plots.in_notebook() else _PrintedLines(epochs)
        self.started = self.epoch_started = time.perf_counter()
        self.clock = None  # starts after the first batch: compiling would spoil the estimate
        self.drawn = -math.inf

    def on_train_begin(self, logs=None):
        self.line.live(0, "preparing: the first step is slow, because it compiles the model")

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if self.clock is None:
            _check_logs(logs)
            self.clock = now
        if now - self.drawn < _INTERVAL:
            return
        self.drawn = now
        steps = self.params["steps"]
        done = (len(self.history.epochs) + (batch + 1) / steps) / self.total
        spent = now - self.clock
        left = f"; about {_duration(spent * (1 - done) / done)} left" if spent > 1 else ""
        self.line.live(
            done,
            f"epoch {len(self.history.epochs) + 1} of {self.total}, batch {batch + 1} of {steps}: "
            f"{_losses(logs)} nats per image{left}",
        )

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise ValueError(
                f"The loss became {logs['loss']} in epoch {epoch + 1}, and training was stopped. Look for a logarithm of 0 or an "
                "exponential of a large number in the loss, then make the model anew: its weights are spoilt."
            )
        self.history.epochs.append(epoch + 1)
        self.history.seconds.append(time.perf_counter() - self.epoch_started)
        for name, value in logs.items():
            if name.removeprefix("val_") in ("loss", "reconstruction", "kl"):
                getattr(self.history, name).append(float(value))
        self.line.epoch(epoch + 1, f"epoch {epoch + 1} of {self.total}: {self._latest()}")

    def finish(self, stopped=False):
        count = len(self.history.epochs)
        if stopped:
            text = f"Stopped in epoch {count + 1} of {self.total}. The model keeps its weights; epochs completed: {count}"
        else:
            text = f"{count} epoch{'s' * (count > 1)} in {_duration(time.perf_counter() - self.started)}"
        self.line.final(f"{text}; {self._latest()}." if count else f"{text}.")

    def _latest(self):
        last = {name: values[-1] for name, values in vars(self.history).items() if values}
        test = {name.removeprefix("val_"): value for name, value in last.items() if name.startswith("val_")}
        return f"training {_losses(last)}" + (f"; test {_losses(test)}" if test else "") + " nats per image"


class _NotebookLine:
    """One notebook output, updated in place, so that a saved notebook holds its last state only."""

    def __init__(self):
        self.handle = None

    def live(self, done, text):
        bar = f'<progress value="{done:.4f}" max="1" style="width: 16em; vertical-align: middle"></progress>'
        self._update(f"{bar} {html.escape(text)}", text)

    def epoch(self, number, text):
        pass  # the next batch tells

    def final(self, text):
        self._update(html.escape(text), text)

    def _update(self, markup, text):
        from IPython.display import display

        bundle = {"text/html": f"<div>{markup}</div>", "text/plain": text}
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)


class _PrintedLines:
    """About ten lines over a whole training."""

    def __init__(self, epochs):
        self.every = -(-epochs // 10)

    def live(self, done, text):
        pass

    def epoch(self, number, text):
        if number % self.every == 0:
            print(text, flush=True)

    def final(self, text):
        print(text, flush=True)


def _check_model(vae):
    if not isinstance(vae, keras.Model):
        raise TypeError(f"vae is a {type(vae).__name__}; expected a compiled keras.Model, as make_vae returns.")
    if not vae.compiled:
        raise ValueError('The model is not compiled. Call vae.compile(optimizer="adam") in make_vae before it returns the model.')


def _check_shapes(vae, x_train, x_test):
    expected = getattr(vae, "input_shape", None)  # a subclassed model learns it from its first batch
    if isinstance(expected, tuple) and expected[1:] != x_train.shape[1:]:
        raise ValueError(f"x_train has shape {x_train.shape}; the model expects {expected} (None: any number). Reshape the images first.")
    if x_test is not None and x_test.shape[1:] != x_train.shape[1:]:
        raise ValueError(f"x_train has shape {x_train.shape} and x_test {x_test.shape}; expected images of one shape.")


def _check_logs(logs):
    missing = [name for name in ("loss", "reconstruction", "kl") if name not in logs]
    if missing:
        raise ValueError(
            f"The model reports {', '.join(logs)} and lacks {', '.join(missing)}. Report the two parts of the loss as well: "
            'keep a keras.metrics.Mean(name="reconstruction") and a keras.metrics.Mean(name="kl"), and update both for every batch.'
        )


def _losses(logs):
    return f"loss {logs['loss']:.1f} = reconstruction {logs['reconstruction']:.1f} + KL {logs['kl']:.1f}"


def _duration(seconds):
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
