"""The misconceptions that the checks can recognise, one entry each, a module for each part of a VAE."""

from vaelab.checks.judge.catalogue import codes, encoder, importance, kl, loss, rate, sampling, test
from vaelab.checks.judge.catalogue.entry import Mistake, Section

__all__ = ["BY_ID", "CATALOGUE", "Mistake", "Section"]

CATALOGUE = (
    *kl.MISTAKES,
    *sampling.MISTAKES,
    *loss.MISTAKES,
    *encoder.MISTAKES,
    *test.MISTAKES,
    *importance.MISTAKES,
    *rate.MISTAKES,
    *codes.MISTAKES,
)

BY_ID = {mistake.id: mistake for mistake in CATALOGUE}
