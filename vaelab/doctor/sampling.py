"""How z is drawn: which function of the second parameter scales the noise, and whether noise is fresh and Gaussian.

z_mean and z_log_var are replaced by numbers that are drawn here, and noise is repeated, so that ratios are exact.
"""

from typing import NamedTuple

import numpy as np

from vaelab.checks.judge import recognise
from vaelab.doctor.step import StepError
from vaelab.doctor.weigh import SCALES, Weigher

REPEATS, IMAGES, CALLS = 6, 10, 8


class Sampling(NamedTuple):
    """What the sampling does.

    Attributes
    ----------
    scale : str or None
        The key of `vaelab.doctor.weigh.SCALES` by which the noise is scaled; None if none fits.
    factor : float
        What the noise is multiplied by besides: 1 where it is standard.
    mistakes : list of str
        Ids of the catalogue.
    """

    scale: str | None
    factor: float
    mistakes: list[str]


def scale_of(weigher: Weigher) -> str | None:
    """The function of the second parameter that the spread of z follows exactly; None if none of those that are known."""
    parts = weigher.parts
    shape = (parts.count, parts.size)
    m = np.zeros(shape)
    first = weigher._round(weigher.rng.uniform(0.4, 1.6, shape))
    second = weigher._round(first + weigher.rng.uniform(0.2, 0.9, shape))
    z1, z2 = (parts.values(weigher.at(1, m, v), parts.z) for v in (first, second))
    size = np.median(np.abs(z1))
    usable = (np.abs(z1) > 0.02 * size) & (np.abs(z2) > 1e-4 * size)  # what is near 0 has no ratio
    if usable.mean() < 0.5:
        return None
    ratio = np.log(np.abs(z2[usable] / z1[usable]))
    for name, log_var in SCALES.items():
        expected = 0.5 * (log_var(second) - log_var(first))[usable]
        if np.abs(ratio - expected).max() < (0.1 if weigher.half else 0.01):
            return name
    return None


def sampling(weigher: Weigher) -> Sampling:
    """How z is drawn.

    Raises
    ------
    StepError
        If the model does not take a batch of REPEATS * IMAGES images.
    """
    parts = weigher.parts
    if not parts.repeats:
        raise StepError("its noise cannot be repeated, so that nothing can be compared")
    scale = scale_of(weigher)
    many = parts.resized(REPEATS * IMAGES)
    rng = np.random.default_rng(3)
    m = np.tile(rng.normal(0, 1.5, (IMAGES, parts.size)), (REPEATS, 1, 1))
    low, high = (0.3, 2.0) if scale in ("v", "sqrt(v)") else (-2.0, 1.5)
    v = np.tile(rng.uniform(low, high, (IMAGES, parts.size)), (REPEATS, 1, 1))
    put = {parts.z_mean: m}
    if parts.z_log_var is not None:
        put[parts.z_log_var] = v
    codes = np.array([many.values(many.run(seed, put), parts.z).reshape(m.shape) for seed in range(1, CALLS + 1)])
    log_var = SCALES[scale or "exp(v / 2)"](v)
    ids = recognise.codes(m, log_var, codes)
    noise = (codes - m) * np.exp(-0.5 * log_var)
    factor = float(noise.std())
    if scale == "1":
        ids = ["sampling.unscaled"] + [i for i in ids if i != "sampling.not_the_layer"]
    return Sampling(scale, factor, [i for i in ids if i != "sampling.not_the_layer"])
