"""One rule for images, told in the same words by whatever takes images."""

import numpy as np
import pytest

from vaelab import data, metrics, plots
from vaelab.pixels import check_pixels

TAKERS = {
    "the rule itself": lambda x: check_pixels(x, "x"),
    "training": lambda x: data.check_images(x, "x"),
    "metrics": lambda x: metrics.bernoulli_nll(x, np.full_like(x, 0.5)),
    "figures": lambda x: plots.gallery(x),
}


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda x: x * 255, r"ranges from 0 to 255; expected \[0, 1\].*Divide pixels"),
        (lambda x: x - 0.5, "ranges from -0.5 to 0.5"),
        (lambda x: np.where(x == 1, np.nan, x), "NaN or infinite"),
        (lambda x: np.where(x == 1, np.inf, x), "NaN or infinite"),
    ],
    ids=["0 to 255", "standardised", "nan", "infinite"],
)
def test_images_out_of_range_are_refused_in_the_same_words(take, damage, message):
    images = np.linspace(0, 1, 2 * 784, dtype="float32").reshape(2, 784)
    with pytest.raises(ValueError, match=message):
        take(damage(images))
