"""What the doctor says of ordinary models and of unusual data, how it reports, and that it leaves the model as it was."""

import copy
import json

import keras
import numpy as np
import pictures
import pytest
import tensorflow as tf
from pictures import made, names

from vaelab import doctor, models

pytestmark = pictures.EXAMINES


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
