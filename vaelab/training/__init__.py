"""Train a VAE with a progress display that stays one line long."""

import html
import math
import re
import time
from dataclasses import dataclass, field
from numbers import Integral

import vaelab.quiet  # noqa: F401, before Keras
from vaelab.quiet import stderr_held_back

import keras
import tensorflow as tf

from vaelab import plots, profiles
from vaelab.data import check_images
from vaelab.training import batch_norm

# Four updates a second: enough for the eye, and nothing beside a training step.
_INTERVAL = 0.25
# Steps that XLA takes in one call: a few hundredths of a second, so that the Stop button works at once.
_STEPS = 20
# Compiling takes about as long as it spares a thousand steps.
_WORTH_COMPILING = 1000
# The part of a training in which the learning rate rises.
_WARM_UP = 0.1


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

    progress, rate = _Progress(history, epochs), _Rate(vae.optimizer)
    training = _Training(vae, x_train, batch_size, epochs)
    try:
        for epoch in range(epochs):
            progress.epoch_begins()
            for done, logs in training.epoch(rate):
                progress.steps(done, training.steps, logs)
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


class _Training:
    """Runs a model's own ``train_step``, as Keras's ``fit`` does, and sooner.

    All images are one tensor, and the model sees what ``fit`` would show it. Where it pays,
    XLA compiles ``_STEPS`` steps into one call, which leaves little but the matrix products:
    ``docs/training_speed.md`` has the measurements.
    """

    def __init__(self, vae, x, batch_size, epochs):
        self.vae, self.batch_size, self.images = vae, min(batch_size, len(x)), len(x)
        self.steps = -(-self.images // self.batch_size)
        self.total = epochs * self.steps
        self.taken = 0
        x = tf.constant(x)
        eager = vae.run_eagerly or tf.config.functions_run_eagerly()

        def step(index):
            with batch_norm.faster(vae):
                return vae.train_step(tf.gather(x, index))

        self.step = step if eager else tf.function(step, input_signature=[tf.TensorSpec([None], tf.int32)])
        self.eager = eager
        self.many = None
        self.may_compile = not eager and self.total >= _WORTH_COMPILING

    def epoch(self, rate):
        """Train for one epoch; yield steps done and what the model reports, after each call."""
        self.vae.reset_metrics()
        order = tf.random.shuffle(tf.range(self.images))
        done, full = 0, self.images // self.batch_size  # the last batch may be a part
        if self.taken == 0 and not self.eager:
            self.step.get_concrete_function()
        while done < self.steps:
            rate.at(self.taken / self.total)
            count = min(_STEPS, full - done) if self._compiled() else 0
            if count > 0:
                logs = self.many(order, tf.constant(done), tf.constant(done + count))
            else:
                logs, count = self.step(order[done * self.batch_size : (done + 1) * self.batch_size]), 1
            done += count
            self.taken += count
            yield done, {name: float(value) for name, value in logs.items()}

    def _compiled(self):
        """Whether XLA takes the steps. The first is always TensorFlow's: it builds the model, and reports what is wrong with it."""
        if self.taken > 0 and self.may_compile:
            self.may_compile = False
            self.many = _compile(self.step, self.batch_size, self.images)
        return self.many is not None


def _compile(step, batch_size, images):
    """The function (order, first, last) -> logs that takes these steps in one call; None where XLA cannot or should not."""
    concrete = step.get_concrete_function()
    if not _suits_xla(concrete.graph.as_graph_def()):
        return None

    @tf.function(
        jit_compile=True,
        autograph=False,
        input_signature=[tf.TensorSpec([images], tf.int32)] + 2 * [tf.TensorSpec([], tf.int32)],
    )
    def many(order, first, last):
        def body(i, logs):
            return i + 1, concrete(tf.slice(order, [i * batch_size], [batch_size]))

        nothing = tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), concrete.structured_outputs)
        return tf.while_loop(lambda i, logs: i < last, body, (first, nothing))[1]

    with stderr_held_back():  # XLA announces itself there
        try:
            many(tf.range(images), tf.constant(0), tf.constant(0))  # compiles, and takes no step
        except Exception:  # whatever the reason, the plain step does the same
            return None
    return many


def _suits_xla(graph):
    """Whether a graph gains by XLA on a CPU and keeps its meaning.

    XLA's convolutions are three to four times slower than TensorFlow's, and its version of the random
    operations with hidden state ignores the seed. Those of ``keras.random`` have none.
    """
    operations = re.findall(r'\bop: "(\w+)"', str(graph))  # in functions that it calls, too
    return not any(op.startswith(("Conv", "DepthwiseConv", "Random", "TruncatedNormal")) for op in operations)


class _Rate:
    """Lets the learning rate rise, and then fall along half a cosine to zero.

    The peak is eight times what the model was compiled with, though not above 0.01 for that reason. Large steps travel
    far, and towards the end steps become smaller than the noise of the gradient, which a constant
    rate never does: the same quality takes less than half the epochs (Smith and Topin, 2018; Loshchilov and Hutter, 2017;
    ``docs/training_speed.md`` has the numbers). A schedule of the model's own is left alone.
    """

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.own = float(optimizer.learning_rate)
        self.peak = max(self.own, min(8 * self.own, 0.01))
        try:
            optimizer.learning_rate = self.own
        except TypeError:  # the model was compiled with a schedule
            self.own = None

    def at(self, done):
        """Set the rate for the steps that follow when this part of the training is done."""
        if self.own is not None:
            start = self.own / self.peak
            warm = start + (1 - start) * done / _WARM_UP
            cold = (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP))) / 2
            self.optimizer.learning_rate = self.peak * (warm if done < _WARM_UP else cold)

    def restore(self):
        """Give the optimizer its own rate back, also after a training that was stopped or failed."""
        if self.own is not None:
            self.optimizer.learning_rate = self.own


class _Progress:
    """Fills a History and keeps one line about it up to date."""

    def __init__(self, history, epochs):
        self.history = history
        self.total = epochs
        self.line = _NotebookLine() if plots.in_notebook() else _PrintedLines(epochs)
        self.started = self.epoch_started = time.perf_counter()
        self.clock = None  # starts after the first batch: compiling would spoil the estimate
        self.drawn = -math.inf
        self.line.live(0, "preparing: the first step is slow, because it compiles the model")

    def epoch_begins(self):
        self.epoch_started = time.perf_counter()

    def steps(self, count, steps, logs):
        now = time.perf_counter()
        if self.clock is None:
            _check_logs(logs)
            self.clock = now
        if now - self.drawn < _INTERVAL:
            return
        self.drawn = now
        done = (len(self.history.epochs) + count / steps) / self.total
        spent = now - self.clock
        left = f"; about {_duration(spent * (1 - done) / done)} left" if spent > 1 else ""
        self.line.live(
            done,
            f"epoch {len(self.history.epochs) + 1} of {self.total}, batch {count} of {steps}: "
            f"{_losses(logs)} nats per image{left}",
        )

    def epoch_ends(self, logs):
        number = len(self.history.epochs) + 1
        if not math.isfinite(logs["loss"]):
            raise ValueError(
                f"The loss became {logs['loss']} in epoch {number}, and training was stopped. Look for a logarithm of 0 or an "
                "exponential of a large number in the loss, then make the model anew: its weights are spoilt."
            )
        self.history.epochs.append(number)
        self.history.seconds.append(time.perf_counter() - self.epoch_started)
        for name, value in logs.items():
            if name.removeprefix("val_") in ("loss", "reconstruction", "kl"):
                getattr(self.history, name).append(float(value))
        self.line.epoch(number, f"epoch {number} of {self.total}: {self._latest()}")

    def finish(self, stopped=False):
        count = len(self.history.epochs)
        if stopped:
            text = (
                f"Stopped in epoch {count + 1} of {self.total}. The model keeps its weights; epochs completed: {count}"
            )
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
