"""The training loop: a model's own steps, many of them in one call where that pays."""

import re

import vaelab.quiet  # noqa: F401, before Keras
from vaelab.quiet import stderr_held_back

import tensorflow as tf

from vaelab.training import batch_norm

#: Steps that XLA takes in one call: a few hundredths of a second, so that the Stop button works at once.
STEPS = 20
#: Compiling takes about as long as it saves in a thousand steps.
_WORTH_COMPILING = 1000


class Loop:
    """Runs a model's own ``train_step`` on the batches that Keras's ``fit`` would give it, in less time.

    All images are one tensor, from which each step gathers its batch. Where it pays, XLA compiles ``STEPS`` steps into one call, which leaves little but the matrix products:
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
            rate.set(self.taken)
            count = min(STEPS, full - done) if self._compiled() else 0
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
