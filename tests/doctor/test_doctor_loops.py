"""What the doctor does with a training step that somebody passes."""

import keras
import numpy as np
import pictures
import pytest
import tensorflow as tf
from pictures import made, names

from vaelab import doctor, models

pytestmark = pictures.EXAMINES


class Loop(keras.Model):
    """Half of the loss, as a loop of its own takes it: the other half is in the loop."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = models.make_encoder(80, 12, 3), models.make_decoder(3, 12, 80)
        self.optimizer = keras.optimizers.Adam()

    def call(self, x):
        m, v = self.encoder(x)
        self.add_loss(tf.reduce_mean(0.5 * tf.reduce_sum(m**2 + tf.exp(v) - v - 1, -1)))
        return self.decoder(m + tf.exp(v / 2) * tf.random.normal(tf.shape(m)))


def test_a_loop_of_which_nothing_is_known_is_asked_for_and_the_optimiser_stays():
    model = Loop()
    optimizer = model.optimizer
    report = doctor.examine(model, pictures.images())
    assert report.findings == [] and "step=" in report.not_examined[0].why
    assert model.optimizer is optimizer and not model.compiled
    bad = doctor.examine(model, pictures.images(), step=lambda x: x.nonsense)
    assert bad.findings == [] and "nonsense" in bad.not_examined[0].why


def test_a_loops_own_graph_still_trains_afterwards_and_networks_beside_the_model_are_put_back():
    beside = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(momentum=0.5)])
    model = made("compute_loss")
    optimizer = keras.optimizers.SGD(0.1)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            mean, log_var = model.encoder(x)
            noise = tf.numpy_function(lambda m: np.random.normal(size=m.shape).astype("float32"), [mean], tf.float32)
            beside(mean, training=True)
            decoded = model.decoder(mean + tf.exp(0.5 * log_var) * tf.reshape(noise, tf.shape(mean)))
            loss = tf.reduce_mean(tf.reduce_sum((x - decoded) ** 2, -1))
        weights = model.decoder.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights, unconnected_gradients="zero"), weights))

    x = pictures.images()
    report = doctor.examine(model, x, step=step)
    assert "sampling.constant" not in names(report) and not beside.layers[-1].moving_mean.numpy().any()
    before = [weight.copy() for weight in model.decoder.get_weights()]
    step(tf.constant(x[:11]))
    assert all((old != new).any() for old, new in zip(before, model.decoder.get_weights()))


def test_a_step_that_is_no_function_is_refused():
    model = made("compute_loss")
    for wrong in (model.decoder, {"loss": [1.0]}):
        with pytest.raises(TypeError, match="expected a function that takes a batch"):
            doctor.examine(model, pictures.images(), step=wrong)
