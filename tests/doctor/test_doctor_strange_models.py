"""What the doctor does with models that are no plain VAEs: it names what it knows and lists what it did not examine."""

import keras
import pictures
import pytest
import tensorflow as tf
from pictures import made, names

from vaelab import doctor, models
from vaelab.doctor import step

pytestmark = pictures.EXAMINES


class Quantised(keras.layers.Layer):
    """The code, rounded; the loss pulls what is rounded towards it."""

    def call(self, z):
        near = keras.ops.stop_gradient(keras.ops.round(z))
        self.add_loss(keras.ops.mean(keras.ops.square(z - near)))
        return z + keras.ops.stop_gradient(near - z)


class TwoOutputs(keras.Model):
    """A decoder that returns mean and logarithm of the standard deviation of each pixel."""

    def __init__(self, order):
        super().__init__()
        self.encoder, self.hidden = models.make_encoder(80, 12, 3), keras.layers.Dense(12, "relu")
        self.heads = [keras.layers.Dense(80), keras.layers.Dense(80)]
        self.order = order

    def call(self, x):
        m, v = self.encoder(x)
        h = self.hidden(m + tf.exp(v / 2) * tf.random.normal(tf.shape(m)))
        outputs = [head(h) for head in self.heads]
        mean, log_sigma = outputs[:: self.order]
        nll = tf.reduce_sum(0.5 * tf.square((x - mean) / tf.exp(log_sigma)) + log_sigma, -1)
        self.add_loss(tf.reduce_mean(nll + 0.5 * tf.reduce_sum(m**2 + tf.exp(v) - v - 1, -1)))
        return mean


def quantised():
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((80,)), dense(6), Quantised(), dense(12, "relu"), dense(80)])
    model.compile(loss="mse", optimizer="adam")
    return model


def two_outputs(order):
    model = TwoOutputs(order)
    model.compile(optimizer="adam")
    return model


@pytest.mark.parametrize(
    "model", [quantised, lambda: two_outputs(1), lambda: two_outputs(-1)], ids=["quantised", "mean last", "mean first"]
)
def test_models_that_are_no_plain_vaes_get_a_list_of_what_was_not_examined_and_no_guess(model):
    report = doctor.examine(model(), pictures.images())
    assert names(report, "fault", "warning") == [], str(report)
    assert report.effective_beta is None and {"reconstruction", "sampling", "KL"} & {
        n.what for n in report.not_examined
    }


class WithTable(keras.layers.Layer):
    """What a decoder returns, and a trained image: in a variable of TensorFlow, of which Keras keeps no track."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder, self.table = decoder, tf.Variable(tf.zeros(80), name="table")

    def call(self, z):
        return tf.clip_by_value(self.decoder(z) + self.table, 0.0, 1.0)


class Variant(keras.Model):
    """A small VAE with something out of the ordinary."""

    def __init__(self, what):
        super().__init__()
        self.what, self.normal = what, keras.layers.BatchNormalization(momentum=0.01)
        self.encoder, self.decoder = models.make_encoder(80, 12, 3), keras.layers.Dense(80, "sigmoid")
        self.hidden, self.beside = keras.layers.Dense(12, "relu"), keras.layers.Dense(5)
        if what == "skip past silent units":
            self.hidden.bias_initializer = lambda shape, dtype: [0.0, -99.0, 0.0, -99.0] + [0.0] * 8

    def call(self, x):
        noisy = x + 0.1 * tf.random.normal(tf.shape(x)) if self.what == "noise on images" else x
        m, v = self.encoder(self.normal(noisy, training=True) if self.what == "normalised" else noisy)
        noise = tf.random.normal(tf.shape(m)) * (0.002 if self.what == "small noise" else 1.0)
        h = self.hidden(m + tf.exp(v if self.what == "huber" else v / 2) * noise)
        decoded = self.decoder(tf.concat([h, self.beside(x)], 1) if self.what.startswith("skip") else h)
        if self.what == "huber":
            nll = 80 * keras.losses.huber(x, decoded, 0.1)
        else:
            nll = tf.reduce_sum(keras.ops.binary_crossentropy(x, decoded), -1)
        self.add_loss(tf.reduce_mean(nll + 0.5 * tf.reduce_sum(m**2 + tf.exp(v) - v - 1, -1)))
        return decoded


def variant(what):
    model = Variant(what)
    model.compile(optimizer="adam")
    report = doctor.examine(model, pictures.images())
    return report, names(report, "fault", "warning"), {n.what for n in report.not_examined}


@pytest.mark.parametrize("what", ["noise on images", "normalised"])
def test_noise_on_images_and_averages_that_move_fast_are_no_mistakes(what):
    report, found, _ = variant(what)
    assert found == [] and report.effective_beta == pytest.approx(1, rel=0.02)


def test_long_sequences_run_as_graphs(monkeypatch):
    monkeypatch.setattr(step, "LONG", 2)
    report = doctor.examine(made("recurrent"), pictures.data(pictures.style("recurrent")))
    assert report.numbers["negative_elbo"] == pytest.approx(
        pictures.examined("recurrent").numbers["negative_elbo"], rel=1e-3
    )
    assert report.effective_beta == pytest.approx(1, rel=0.02)


def test_a_weight_that_keras_does_not_know_of_is_named():
    model = made("compute_loss")
    model.decoder = WithTable(model.decoder)
    model.used = [model.decoder]
    report = doctor.examine(model, pictures.images())
    assert names(report, "fault") == ["loss.not_trained"] and "table" in report.findings[0].measured


def test_noise_that_hardly_changes_the_loss_is_measured():
    report, found, _ = variant("small noise")
    assert found == ["noise of another size"] and report.numbers["noise_factor"] == pytest.approx(0.002, rel=0.1)


@pytest.mark.parametrize("what", ["skip", "skip past silent units"])
def test_images_that_reach_the_reconstruction_past_z_leave_no_z_to_be_found(what):
    _, found, missing = variant(what)
    assert found == [] and {"z", "sampling", "loss"} <= missing


def test_a_mistake_in_the_kl_is_named_although_the_reconstruction_is_not_known():
    report, found, missing = variant("huber")
    assert found == ["sampling.variance_as_std"] and {"reconstruction", "effective beta"} <= missing
    assert "weighs 1 in the loss" in {e.what: e.result for e in report.examined}["KL"]


def test_a_loss_without_a_term_on_the_code_is_named_although_there_is_no_mean():
    class NoMean(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = models.make_encoder(80, 12, 3), models.make_decoder(3, 12, 80)

        def call(self, x):
            _, v = self.encoder(x)
            return self.decoder(tf.exp(v / 2) * tf.random.normal(tf.shape(v)))

    model = NoMean()
    model.compile(loss="mse", optimizer="adam")
    report = doctor.examine(model, pictures.images())
    assert set(names(report, "fault")) == {"loss.kl_left_out", "loss.not_trained"} and report.effective_beta is None


def test_an_autoencoder_has_a_code_and_no_mean_of_it():
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((80,)), dense(6), dense(12, "relu"), dense(80)])
    model.compile(loss="mse", optimizer="adam")
    report = doctor.examine(model, pictures.images())
    assert names(report, "fault") == ["encoder.z_only"] and "z_mean" in {n.what for n in report.not_examined}
