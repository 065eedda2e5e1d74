"""From a student's numbers to the mistakes that explain them, by the ids of catalogue entries.

`kl_terms` reads the values of a KL term, `reports` the numbers of a model, `draws` what reaches its decoder.
"""

from vaelab.checks.judge.recognise.draws import codes, sampling
from vaelab.checks.judge.recognise.kl_terms import floor, kl_ids, kl_number, kl_values, rarity
from vaelab.checks.judge.recognise.reports import loss, pixel_mean_id, rec_ids, reconstruction, weights, weights_id

__all__ = [
    "codes",
    "floor",
    "kl_ids",
    "kl_number",
    "kl_values",
    "loss",
    "pixel_mean_id",
    "rarity",
    "rec_ids",
    "reconstruction",
    "sampling",
    "weights",
    "weights_id",
]
