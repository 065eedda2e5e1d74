"""``training.fit`` with models of every style: compiled steps or plain ones, steps of their own, convolutions, no parts."""

import sys

import keras
import numpy as np
import proofs
import pytest
import tensorflow as tf
from keras import ops
from tiny_vae import TinyVAE, compiled

from vaelab import training

pytestmark = pytest.mark.proof(about=proofs.of("vaelab"))

PARTS = ("loss", "reconstruction", "kl")


@pytest.fixture
def x():
    return np.random.default_rng(0).random((30, 16), dtype="float32")


def test_compiled_steps_train_like_plain_ones(monkeypatch):
    """XLA takes the steps of a long training; the results are those of TensorFlow's, but for rounding."""
    x = np.random.default_rng(1).random((205, 16), dtype="float32")  # the last batch is a part
    runs = {}
    for worth_it in (1, 10**9):
        monkeypatch.setattr(training.loop, "_WORTH_COMPILING", worth_it)
        keras.utils.set_random_seed(3)
        vae = WithoutNoise()
        # A schedule of its own, since ours would change within a call only where steps are plain.
        vae.compile(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.01, 20, 0.5)))
        runs[worth_it] = training.fit(vae, x, x_test=x[:10], epochs=3, batch_size=10), vae.get_weights()
    (fast, fast_weights), (plain, plain_weights) = runs.values()
    for name in PARTS:
        np.testing.assert_allclose(getattr(fast, name), getattr(plain, name), rtol=1e-3)
    for a, b in zip(fast_weights, plain_weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


class WithoutNoise(TinyVAE):
    """XLA draws other noise from the same seed: here there is none."""

    def call(self, x):
        z_mean, z_log_var = ops.split(self.encoder(x), 2, axis=-1)
        return self.decoder(z_mean), 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=-1)


class Printing(TinyVAE):
    """Prints when traced, and prints what XLA cannot."""

    def train_step(self, data):
        print("traced")
        tf.print("step", output_stream=sys.stdout)
        return super().train_step(data)


class OwnStep(TinyVAE):
    """A train_step from scratch that reports the last batch."""

    def train_step(self, data):
        with tf.GradientTape() as tape:
            x_decoded, kl = self(data, training=True)
            kl = ops.mean(kl)
            reconstruction = ops.mean(ops.sum(ops.binary_crossentropy(data, x_decoded), axis=-1))
            loss = kl + reconstruction
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl}


class Numpy(TinyVAE):
    """Works only without a graph."""

    def train_step(self, data):
        assert np.isfinite(data.numpy()).all()
        return super().train_step(data)


class HiddenState(TinyVAE):
    """Draws noise as the lab does; XLA would ignore its seed."""

    def call(self, x):
        tf.random.normal((2,))
        return super().call(x)


@pytest.mark.parametrize("Model", [Printing, OwnStep, Numpy, HiddenState])
def test_models_of_any_style_train_whether_xla_takes_them_or_not(Model, x, monkeypatch, capfd):
    monkeypatch.setattr(training.loop, "_WORTH_COMPILING", 1)
    vae = Model()
    vae.compile(optimizer="adam", run_eagerly=Model is Numpy)
    before = {name: getattr(vae, name) for name in ("jit_compile", "steps_per_execution", "run_eagerly")}
    history = training.fit(vae, x, epochs=2, batch_size=8)
    printed = capfd.readouterr()
    assert len(history.loss) == 2 and np.isfinite(history.loss).all()
    assert printed.err == ""
    assert printed.out.count("traced") <= 2  # TensorFlow's second trace is for variables that the first one made
    assert {name: getattr(vae, name) for name in before} == before


class Convolutional(TinyVAE):
    """Its ``call`` does not say whether it trains: Keras's ``fit`` would leave the normalisation as it is."""

    def __init__(self):
        super().__init__()
        inputs = keras.Input((8, 8, 1))
        hidden = keras.layers.BatchNormalization()(keras.layers.Conv2D(8, 3, padding="same")(inputs))
        self.network = keras.Model(inputs, keras.layers.Conv2D(1, 2, padding="same", activation="sigmoid")(hidden))

    def call(self, x):
        return self.network(x), 0.0 * ops.sum(x, axis=(1, 2, 3))[:, None, None, None]


def test_after_training_a_convolutional_model_is_plain_keras_again(tmp_path):
    vae, x = compiled(Convolutional()), np.random.default_rng(0).random((10, 8, 8, 1), dtype="float32")
    training.fit(vae, x, epochs=2, batch_size=4)
    assert all(type(layer).__module__.startswith("keras.") for layer in vae.network.layers)
    vae.network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(again(x), vae.network(x))


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_batch_normalisation_is_trained_whatever_call_says(run_eagerly):
    vae, x = Convolutional(), np.random.default_rng(0).random((10, 8, 8, 1), dtype="float32")
    vae.compile(optimizer="adam", run_eagerly=run_eagerly)
    training.fit(vae, x, epochs=1, batch_size=4)
    (normalisation,) = [layer for layer in vae.network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert np.abs(normalisation.moving_mean.numpy()).max() > 0


def test_a_model_that_does_not_report_the_parts_is_told_how(x):
    class Silent(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(16)

        def call(self, x):
            return self.dense(x)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean(ops.square(x - y_pred))

    with pytest.raises(ValueError, match="lacks reconstruction, kl"):
        training.fit(compiled(Silent()), x, epochs=1)
