"""What the doctor does with models and data that are out of the ordinary, and how it reports."""

import copy
import json
from importlib.metadata import entry_points

import keras
import numpy as np
import pictures
import pytest
import tensorflow as tf
from pictures import made

from vaelab import doctor, models
from vaelab.doctor import step
from vaelab.doctor.command import main

STYLE = pictures.MODELS / "compute_loss.py"


def names(report, *severities):
    return [f.mistake or f.name for f in report.findings if not severities or f.severity in severities]


def test_the_model_is_left_as_it_was():
    model = made("train_step")
    before = [np.asarray(v) for v in model.variables]
    state = np.random.get_state()[1].copy()
    doctor.examine(model, pictures.images(shape=(8, 10, 1)))
    assert all(np.array_equal(np.asarray(v), old) for v, old in zip(model.variables, before))
    assert np.array_equal(np.random.get_state()[1], state)
    assert keras.Layer.__call__.__module__.startswith("keras") and tf.GradientTape.gradient.__module__.startswith(
        "tensorflow"
    )


def test_a_report_is_the_same_each_time():
    model, x = made("schedule"), pictures.images()
    assert doctor.examine(model, x).to_json() == doctor.examine(model, x).to_json()


def test_weights_that_are_not_numbers_are_the_only_finding():
    model = made("compute_loss")
    model.decoder.layers[0].kernel.assign(model.decoder.layers[0].kernel * np.nan)
    report = doctor.examine(model, pictures.images())
    assert names(report) == ["weights that are not numbers"] and report.effective_beta is None and report.not_examined


def test_without_a_loss_the_report_says_what_is_missing():
    encoder, decoder = models.make_encoder(80, 6, 2), models.make_decoder(2, 6, 80)
    x = keras.Input((80,))
    model = keras.Model(x, decoder(models.Sampling()(encoder(x))))
    report = doctor.examine(model, pictures.images())
    assert report.findings == [] and not model.compiled
    assert "not compiled" in report.not_examined[0].why and "could be examined" in report.headline()


def test_a_classifier_is_no_vae_and_the_report_does_not_invent_one():
    model = keras.Sequential([keras.Input((80,)), keras.layers.Dense(6, "relu"), keras.layers.Dense(4)])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer="adam")
    report = doctor.examine(model, (pictures.images(), np.arange(64) % 4))
    assert names(report, "fault", "warning") == [] and report.effective_beta is None
    assert {"z_mean", "z_log_var", "z", "x_decoded"} <= {n.what for n in report.not_examined}


@pytest.mark.parametrize("latent", [1, 64])
def test_latent_spaces_of_one_and_of_many_dimensions(latent):
    report = doctor.examine(made("compute_loss", latent=latent), pictures.images())
    assert names(report, "fault", "warning") == [] and report.numbers["latent_dim"] == latent
    assert report.effective_beta == pytest.approx(1, rel=0.02)


def test_one_image_of_six_pixels_is_enough_to_find_beta():
    report = doctor.examine(made("compute_loss", "no_log_var", pixels=6), pictures.images(1, (6,)))
    assert "kl.no_log_var" in names(report, "fault")
    assert report.effective_beta == pytest.approx(1, rel=0.02)


def test_half_precision_has_no_finding_of_its_own():
    policy = keras.config.dtype_policy()
    style = pictures.style("add_loss_layer")
    try:
        keras.config.set_dtype_policy("mixed_float16")
        encoder, decoder = models.make_encoder(80, 12, 3), models.make_decoder(3, 12, 80)
        x = keras.Input((80,))
        z_mean, z_log_var = encoder(x)
        decoded = decoder(models.Sampling(0)([z_mean, z_log_var]))
        elbo = style.NegativeElbo(None, dtype="float32")([x, decoded, z_mean, z_log_var])
    finally:
        keras.config.set_dtype_policy(policy)
    model = keras.Model(x, elbo)
    model.compile(optimizer="adam")
    report = doctor.examine(model, pictures.images())
    assert names(report, "fault", "warning") == [], str(report)
    assert report.effective_beta == pytest.approx(1, rel=0.02)


def test_a_model_that_runs_eagerly_and_takes_numbers_out_of_tensors():
    model = made("schedule")
    model.compile(optimizer="adam", run_eagerly=True)
    assert doctor.examine(model, pictures.images()).effective_beta == pytest.approx(0.25, rel=0.02)


@pytest.mark.parametrize("scale, mistake", [(255, "loss.scaled_images"), (None, "loss.symmetric_images")])
def test_images_outside_the_range_of_the_loss(scale, mistake):
    x = pictures.images() * scale if scale else 2 * pictures.images() - 1
    assert mistake in names(doctor.examine(made("compute_loss"), x), "fault")


def test_dimensions_that_carry_nothing_and_nearly_points_are_noted_with_the_parts_that_were_passed():
    model = made("compute_loss")
    _, _, mean, log_var = model.encoder.layers
    for head in (mean, log_var):  # of four dimensions, 0 and 2 are the prior, and 1 is nearly a point
        head.kernel.assign(head.kernel * [0.0, 1.0, 0.0, 1.0])
    log_var.kernel.assign(log_var.kernel * [0.0, 0.0, 0.0, 1.0])
    log_var.bias.assign([0.0, -12.0, 0.0, 0.0])
    report = doctor.examine(model, pictures.images(), encoder=model.encoder, decoder=model.decoder)
    measured = {f.name: f.measured for f in report.findings}
    assert measured["collapsed dimensions"].startswith("2 of 4")
    assert measured["nearly deterministic dimensions"].endswith("in 1 of 4 dimensions")
    assert report.numbers["active_dimensions"] == 2 and report.effective_beta == pytest.approx(1, rel=0.02)
    where = {e.what: e.result for e in report.examined}
    assert model.encoder.name in where["z_mean"] and model.decoder.name in where["x_decoded"]


def test_a_weight_that_depends_on_the_number_of_images_is_no_single_beta():
    report = pictures.examined("weighed_images", "sum_kl")
    assert (
        report.effective_beta is None and "64 for 32" in {e.what: e.result for e in report.examined}["effective beta"]
    )


def test_a_number_that_weighs_the_reconstruction_is_found():
    report = pictures.examined("weighed_images")
    where = {e.what: e.result for e in report.examined}
    assert (
        where["weight of the reconstruction"].startswith("follows factor_vae")
        and ".factor, 40" in where["weight of the reconstruction"]
    )
    assert [f.name for f in report.findings if f.name.startswith("beta")] == ["beta = 2"]


def test_a_report_on_one_of_two_losses_says_so():
    report = pictures.examined("two_losses")
    assert "about number 2" in {e.what: e.result for e in report.examined}["losses"]
    assert "the other losses of a step" in {n.what for n in report.not_examined}


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

    def call(self, x):
        noisy = x + 0.1 * tf.random.normal(tf.shape(x)) if self.what == "noise on images" else x
        m, v = self.encoder(self.normal(noisy, training=True) if self.what == "normalised" else noisy)
        noise = tf.random.normal(tf.shape(m)) * (0.002 if self.what == "small noise" else 1.0)
        h = self.hidden(m + tf.exp(v if self.what == "huber" else v / 2) * noise)
        decoded = self.decoder(tf.concat([h, self.beside(x)], 1) if self.what == "skip" else h)
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


def test_images_that_reach_the_reconstruction_past_z_leave_no_z_to_be_found():
    _, found, missing = variant("skip")
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


def test_labels_may_come_first():
    x, y = pictures.data(pictures.style("conditional"))

    class Named(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = made("conditional")

        def call(self, inputs):
            return self.inner([inputs["image"], inputs["label"]])

    model = Named()
    model.compile(optimizer="adam")
    report = doctor.examine(model, {"label": y, "image": x})
    assert report.effective_beta == pytest.approx(1, rel=0.02) and names(report, "fault", "warning") == []


def test_parts_that_were_passed_and_never_run_are_named():
    parts = {"encoder": keras.layers.Dense(4), "decoder": keras.layers.Dense(80)}
    report = doctor.examine(made("squared_error"), pictures.images(), **parts)
    assert {f"the {name} that was passed" for name in parts} <= {n.what for n in report.not_examined}
    assert names(report, "fault", "warning") == [] and report.effective_beta is None


def test_validation_images_among_the_training_images():
    x = pictures.images()
    report = doctor.examine(made("compute_loss"), x, validation=x[10:40])
    assert "validation on training images (item 39)" in names(report, "fault")


@pytest.mark.parametrize("x", ["fashion", np.zeros(3), np.array(["a", "b"]), (np.zeros((3, 4)), np.zeros((2, 4)))])
def test_data_that_are_no_images_are_refused_with_a_sentence(x):
    with pytest.raises(doctor.DataError, match="expected"):
        doctor.examine(made("compute_loss"), x)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="expected a keras.Model"):
        doctor.examine("model.keras", pictures.images())


def test_a_page_escapes_what_comes_from_the_model():
    report = copy.copy(pictures.examined("add_loss_layer", "no_half"))
    report.model = "<script>alert(1)</script>"
    page = report._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_finding_says_what_was_measured_where_and_which_lesson_teaches_it():
    report = pictures.examined("add_loss_layer", "no_half")
    finding = report.findings[0]
    assert finding.items == (2,) and "2 times" in finding.measured and "notebook 1" in finding.lesson
    assert finding.line.startswith("add_loss_layer.py:")
    loaded = json.loads(report.to_json())
    assert loaded["findings"][0]["mistake"] == "kl.no_half"
    assert loaded["numbers"]["effective_beta"] == pytest.approx(2, rel=0.02)


def test_the_command_examines_what_a_function_of_a_module_makes(tmp_path, capsys):
    np.savez(tmp_path / "x.npz", x=pictures.images())
    assert main([f"{STYLE}:make", "--data", str(tmp_path / "x.npz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["numbers"]["effective_beta"] == pytest.approx(1, rel=0.02)


def test_the_command_takes_the_step_of_a_loop_beside_the_model(tmp_path, capsys):
    (tmp_path / "both.py").write_text(
        f"import sys; sys.path.insert(0, {str(pictures.MODELS)!r}); import loop\n"
        "def make():\n    model = loop.make()\n    return model, loop.step(model)\n"
    )
    np.savez(tmp_path / "x.npz", x=pictures.images(shape=(8, 10, 1)))
    assert main([f"{tmp_path / 'both.py'}:make", "--data", str(tmp_path / "x.npz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["numbers"]["effective_beta"] == pytest.approx(1, rel=0.02)


def test_the_command_says_what_is_wrong_with_a_request(tmp_path, capsys):
    np.save(tmp_path / "pickled.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "no.keras").write_bytes(b"PK no zip")
    for arguments, words in (
        (["model.h5"], "neither"),
        (["absent.py:make"], "does not exist"),
        ([f"{STYLE}:absent"], "has no function"),
        ([str(tmp_path / "no.keras")], "safe mode"),
        ([f"{STYLE}:make", "--data", str(tmp_path / "pickled.npy")], "cannot be read"),
    ):
        assert main(arguments) == 2
        assert words in capsys.readouterr().err


ELBO = """
import keras
from keras import ops

@keras.saving.register_keras_serializable("doctor")
class Elbo(keras.layers.Layer):
    def call(self, inputs):
        x, decoded, mean, log_var = inputs
        kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=-1)
        self.add_loss(ops.mean(ops.sum(ops.binary_crossentropy(x, decoded), axis=-1) + kl))
        return decoded
"""


def test_the_command_loads_a_saved_file_with_the_classes_of_a_module_and_the_course_images(tmp_path, capsys):
    (command,) = entry_points(group="console_scripts", name="vaelab-doctor")
    module, saved = tmp_path / "elbo_of_a_student.py", tmp_path / "vae.keras"
    module.write_text(ELBO)
    scope: dict = {"__name__": "elsewhere"}
    exec(ELBO, scope)
    encoder, decoder = models.make_encoder(784, 8, 3), models.make_decoder(3, 8, 784)
    x = keras.Input((784,))
    z_mean, z_log_var = encoder(x)
    model = keras.Model(x, scope["Elbo"]()([x, decoder(models.Sampling(0)([z_mean, z_log_var])), z_mean, z_log_var]))
    model.compile(optimizer="adam")
    model.save(saved)
    del keras.saving.get_custom_objects()["doctor>Elbo"]  # as in a process of its own
    request = [str(saved), "--data", "fashion", "--images", "60", "--json"]
    assert command.load()(request) == 2 and "--import" in capsys.readouterr().err
    assert main([*request, "--import", str(module)]) == 0
    numbers = json.loads(capsys.readouterr().out)["numbers"]
    assert numbers["effective_beta"] == pytest.approx(1, rel=0.02) and numbers["pixel_mean"] > numbers["entropy_floor"]


def test_a_saved_file_that_holds_code_is_not_run(tmp_path, capsys):
    model = keras.Sequential([keras.Input((80,)), keras.layers.Lambda(lambda x: x)])
    model.save(tmp_path / "lambda.keras")
    assert main([str(tmp_path / "lambda.keras")]) == 2
    assert "safe mode" in capsys.readouterr().err


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
