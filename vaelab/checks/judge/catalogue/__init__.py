"""The misconceptions that the checks can recognise, one entry each, in modules by the part of a VAE that they concern."""

from vaelab.checks.judge.catalogue import (
    codes,
    encoder,
    kl,
    kl_axes,
    kl_log_var,
    log_likelihood,
    log_weight,
    loss,
    rate,
    reconstruction,
    sampling,
    test,
)
from vaelab.checks.judge.catalogue.entry import Mistake, Section

__all__ = ["BY_ID", "CATALOGUE", "Mistake", "Section"]

CATALOGUE = (
    *kl.MISTAKES,
    *kl_axes.MISTAKES,
    *kl_log_var.MISTAKES,
    *sampling.MISTAKES,
    *loss.MISTAKES,
    *reconstruction.MISTAKES,
    *encoder.MISTAKES,
    *test.MISTAKES,
    *log_weight.MISTAKES,
    *log_likelihood.MISTAKES,
    *rate.MISTAKES,
    *codes.MISTAKES,
)

BY_ID = {mistake.id: mistake for mistake in CATALOGUE}
