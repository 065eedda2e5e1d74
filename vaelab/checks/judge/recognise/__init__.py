"""From a student's numbers to the mistakes that explain them, by the ids of catalogue entries.

`kl_terms` reads the values of a KL term, `reports` the numbers of a model, `draws` what reaches its decoder.
"""

from vaelab.checks.judge.recognise.draws import sampling
from vaelab.checks.judge.recognise.kl_terms import floor, kl_number, kl_values
from vaelab.checks.judge.recognise.reports import loss, pixel_mean_id, reconstruction, weights, weights_id

__all__ = [
    "floor",
    "kl_number",
    "kl_values",
    "loss",
    "pixel_mean_id",
    "reconstruction",
    "sampling",
    "weights",
    "weights_id",
]
