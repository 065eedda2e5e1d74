"""From the values that reach a decoder to the mistakes in the sampling that explain them."""

from collections.abc import Iterable

import numpy as np

from vaelab.checks.judge.oracles import Networks


def sampling(networks: Networks, x: np.ndarray, drawn: np.ndarray) -> list[str]:
    """Ids of what fits the values that reached the decoder in several calls; or [].

    Parameters
    ----------
    networks : oracles.Networks
    x : array, ``(repeats, images, ...)``
        The same images again and again, so that noise can be told from what depends on
        the image.
    drawn : array, ``(calls, repeats, images, latent_dim)``

    What holds exactly is looked for first; a statistic decides only where one scale of
    the noise fits and every other one is far off.
    """
    m, v = (part.reshape(*x.shape[:2], -1) for part in networks.encode(x.reshape(-1, *x.shape[2:])))
    return codes(m, v, drawn, _misled(networks, m, v))


def codes(m: np.ndarray, v: np.ndarray, drawn: np.ndarray, misled: Iterable[np.ndarray] = ()) -> list[str]:
    """Ids of what fits the codes that were sampled in several calls; or [].

    Parameters
    ----------
    m, v : arrays, ``(repeats, images, latent_dim)``
        z_mean and z_log_var, the same in each repeat.
    drawn : array, ``(calls, repeats, images, latent_dim)``
    misled : iterable of arrays, each like `m`
        What a sampling without chance returns for wrong arguments.
    """
    if drawn.ndim != 4 or drawn.shape[1:] != m.shape or not np.isfinite(drawn).all():
        return []
    rest = drawn - m
    size = np.abs(rest).mean()
    if size < 1e-4:
        return ["sampling.z_mean"]
    scales = {
        None: np.exp(0.5 * v),
        "sampling.variance_as_std": np.exp(v),
        "sampling.log_var_as_std": v,
        "sampling.unscaled": np.ones_like(v),
    }

    def exact(a, b):
        return bool(np.abs(a - b).max() < 1e-3 * size)

    def shared(scale, axes):
        """Is `rest` the scale times something that is the same along `axes`?"""
        factor = (rest * scale).mean(axes, keepdims=True) / (scale**2 * np.ones_like(rest)).mean(axes, keepdims=True)
        return exact(rest, scale * factor)

    if exact(drawn, drawn[:1, :1]):  # not random: a function of the image
        if any(exact(drawn[0], z) for z in misled):
            return ["sampling.arguments"]
        return next(
            (_ids("sampling.constant_noise", name) for name, scale in scales.items() if shared(scale, (0, 1, 2, 3))), []
        )
    again = "sampling.constant" if exact(drawn, drawn[:1]) else None
    for axes, mistake in (((1, 2), "sampling.shared_by_batch"), ((3,), "sampling.shared_by_dimensions")):
        if m.shape[-1] > 1 or mistake == "sampling.shared_by_batch":
            for name, scale in scales.items():
                if shared(scale, axes):
                    return _ids(mistake, name or again)
    if again:
        return [again]
    name = _scale(rest, scales)
    if name:
        return [name]
    noise = rest / scales[None]
    if name is None and abs(((noise - noise.mean()) ** 4).mean() / noise.var() ** 2 - 1.8) < 0.1:  # a Gaussian's is 3
        return ["sampling.uniform"]
    return ["sampling.not_the_layer"]  # the layer of the checks is not random


def _ids(*ids):
    return [i for i in ids if i]


def _misled(networks, m, v):
    """What the sampling layer returns for arguments that it should not get."""
    for first, second in ((v, m), (m, np.exp(v)), (m, np.exp(v / 2)), (m, v / 2), (m, 2 * v), (m, -v), (m, m), (v, v)):
        with np.errstate(over="ignore"):
            yield networks.sample(first, second)


def _scale(rest, scales):
    """The name of the only scale that the size of the noise is proportional to; "" if none stands out.

    The mean of log |noise| should differ from cell to cell (an image and a dimension) by
    no more than chance; the ratio of both variances is near 1 for the right scale,
    whatever the distribution of the noise, and tens to hundreds for a wrong one.
    """
    logs = np.log(np.abs(rest) + 1e-12)
    within = logs.var((0, 1)).mean()
    count = rest.shape[0] * rest.shape[1]
    ratios = {
        name: count * (logs.mean((0, 1)) - np.log(np.abs(scale[0]) + 1e-12)).var() / max(within, 1e-6)
        for name, scale in scales.items()
    }
    best, second = sorted(ratios, key=ratios.get)[:2]
    return best if ratios[best] < 3 and ratios[second] > 9 else ""
