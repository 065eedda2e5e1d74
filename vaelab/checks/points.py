"""The checks of each assignment: ids, points, and which are hidden from students.

This is data for notebooks and graders. In a notebook, the test cell of a check has the
grade id `grade_id(check_id)` and the points listed here.
"""

from typing import NamedTuple


class Check(NamedTuple):
    assignment: str
    id: str
    points: int
    hidden: bool
    about: str  # what is looked at, for reports


CHECKS = (
    Check("01_kl_term", "kl_term.shape", 1, False, "one number per image"),
    Check("01_kl_term", "kl_term.prior", 1, False, "zero when q(z|x) is the prior, positive elsewhere"),
    Check("01_kl_term", "kl_term.values", 3, False, "the value for each image, in nats"),
    Check("01_kl_term", "kl_term.gradients", 2, True, "the gradient with respect to both inputs"),
    Check("01_kl_term", "kl_term.properties", 2, True, "additivity, symmetry, independence of the images"),
    Check("01_kl_term", "kl_term.extremes", 1, True, "large and small variances, other sizes and precisions"),
    Check("02_vae", "make_vae.builds", 1, False, "a compiled model that reconstructs"),
    Check("02_vae", "make_vae.loss", 3, False, "loss, reconstruction and kl, in nats per image"),
    Check("02_vae", "make_vae.fit", 2, False, "training moves the weights and logs the right numbers"),
    Check("02_vae", "make_vae.sampling", 2, True, "z comes from the sampling layer, and all parts are those given"),
    Check("02_vae", "make_vae.gradients", 2, True, "what training follows is the gradient of the loss"),
    Check("02_vae", "make_vae.images", 2, True, "image-shaped inputs and other sizes of batch and latent space"),
    Check("03_conv_vae", "make_conv_encoder.builds", 1, False, "a model from images to two tensors"),
    Check("03_conv_vae", "make_conv_encoder.shapes", 2, False, "(batch, latent_dim) twice, for any sizes"),
    Check(
        "03_conv_vae", "make_conv_encoder.convolutional", 2, False, "convolutions that downsample, batch normalisation"
    ),
    Check("03_conv_vae", "make_conv_encoder.unbounded", 3, True, "two separate heads that can take any value"),
    Check("03_conv_vae", "make_conv_encoder.gradients", 2, True, "both heads depend on the image and the weights"),
    Check("05_looks_healthy", "looks_healthy.accepts", 2, False, "right implementations are called right"),
    Check("05_looks_healthy", "looks_healthy.finds", 3, False, "the mistakes of the notebook are found"),
    Check("05_looks_healthy", "looks_healthy.unseen", 3, True, "mistakes that the notebook does not show are found"),
    Check("05_looks_healthy", "looks_healthy.steady", 2, True, "the answer does not depend on luck"),
    Check("06_how_tight", "log_weight.shape", 1, False, "one weight for each sample of each image"),
    Check("06_how_tight", "log_weight.values", 3, False, "the log weight of each sample, in nats"),
    Check("06_how_tight", "log_weight.properties", 2, True, "each part, sample and image by itself"),
    Check("06_how_tight", "log_weight.extremes", 1, True, "narrow and wide q(z|x), other sizes"),
    Check("06_how_tight", "log_likelihood.shape", 1, False, "one estimate for each image"),
    Check("06_how_tight", "log_likelihood.values", 2, False, "the estimate of log p(x) for each image, in nats"),
    Check("06_how_tight", "log_likelihood.stable", 2, True, "finite and right for any finite weights"),
    Check("07_rate_distortion", "active_units.counts", 1, False, "how many dimensions vary over the images"),
    Check("07_rate_distortion", "active_units.threshold", 1, True, "other thresholds and other sizes"),
    Check("07_rate_distortion", "effective_beta.sums", 1, False, "a weight on the KL, the reconstruction, or both"),
    Check("07_rate_distortion", "effective_beta.averages", 1, False, "averages in place of sums"),
    Check("07_rate_distortion", "effective_beta.unseen", 2, True, "constants, signs and other sizes"),
    Check("07_rate_distortion", "fit_prior.samples", 1, False, "a function of n and a seed"),
    Check("07_rate_distortion", "fit_prior.precise", 2, False, "samples lie where codes lie"),
    Check("07_rate_distortion", "fit_prior.covers", 1, True, "all groups of codes, and new codes"),
    Check("07_rate_distortion", "anomaly_score.obvious", 1, False, "higher for inverted images and shuffled pixels"),
    Check("07_rate_distortion", "anomaly_score.ink", 2, False, "higher for black and darkened images"),
    Check("07_rate_distortion", "anomaly_score.unseen", 1, True, "strange images of other kinds"),
)

BY_ID = {check.id: check for check in CHECKS}


def grade_id(check_id: str) -> str:
    """The grade id of the test cell that runs a check: ``test_kl_term_values``."""
    return "test_" + check_id.replace(".", "_")


def of(assignment: str) -> tuple[Check, ...]:
    """The checks of one assignment, in the order of its test cells."""
    return tuple(check for check in CHECKS if check.assignment == assignment)


def of_exercise(exercise: str) -> tuple[Check, ...]:
    """The checks of one exercise, by the name of its function: an assignment may have several."""
    return tuple(check for check in CHECKS if check.id.partition(".")[0] == exercise)
