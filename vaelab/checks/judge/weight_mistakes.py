"""Wrong log weights in known ways, and the mistakes that explain somebody's numbers."""

import itertools

import numpy as np

from vaelab.checks.judge import calling
from vaelab.checks.judge.importance import log_bernoulli, log_gaussian, log_likelihood

_LOG_2PI = np.log(2 * np.pi)


def size(x, z, z_mean, z_log_var, x_decoded):
    """Sum of the absolute terms of a log weight: what rounding errors are relative to."""
    square = (z - z_mean) ** 2 * np.exp(-z_log_var)
    gaussians = 0.5 * np.sum(z**2 + square + abs(z_log_var) + 2 * _LOG_2PI, axis=-1)
    return gaussians - log_bernoulli(x, x_decoded)


# Each part of a log weight as it is, and as people get it wrong: (id, function). The functions of q return log q.


def _likelihoods(x, z, m, v, p):
    bce = x * np.log(p) + (1 - x) * np.log1p(-p)
    yield None, bce.sum(-1)
    yield "iw.pixels_averaged", bce.mean(-1)
    if x.shape[-1] != 784:
        yield "iw.fixed_pixels", 784 * bce.mean(-1)
    yield "iw.reconstruction_sign", -bce.sum(-1)
    yield "iw.pixels_averaged+iw.reconstruction_sign", -bce.mean(-1)
    yield "iw.no_reconstruction", np.zeros(z.shape[:2])
    yield "iw.half_formula", (x * np.log(p)).sum(-1)
    yield "iw.half_formula", ((1 - x) * np.log1p(-p)).sum(-1)
    yield "iw.exchanged", (p * np.log(x) + (1 - p) * np.log1p(-x)).sum(-1)
    yield "iw.base", bce.sum(-1) / np.log(2)
    yield "iw.base", bce.sum(-1) / np.log(10)
    for factor in (1, 0.5):
        yield "iw.other_likelihood", -factor * ((x - p) ** 2).sum(-1)
        yield "iw.other_likelihood", factor * ((x - p) ** 2).sum(-1)
    yield "iw.other_likelihood", -((x - p) ** 2).mean(-1)
    yield "iw.other_likelihood", -abs(x - p).sum(-1)
    yield "iw.other_likelihood", np.log(x * p + (1 - x) * (1 - p)).sum(-1)
    hard = (x > 0.5) * 1.0
    yield "iw.rounded_pixels", log_bernoulli(hard, p)
    yield "iw.rounded_pixels", log_bernoulli(x, (p > 0.5) * 0.999998 + 1e-6)
    yield "iw.samples_reused", np.broadcast_to(bce.sum(-1)[:1], z.shape[:2])
    yield "iw.averaged", np.broadcast_to(bce.sum(-1).mean(0), z.shape[:2])
    yield "iw.averaged", np.broadcast_to(bce.sum(-1).mean(1, keepdims=True), z.shape[:2])
    yield "iw.averaged", np.broadcast_to(bce.sum(-1).mean(), z.shape[:2])


def _priors(x, z, m, v, p):
    d, square = z.shape[-1], (z**2).sum(-1)
    yield None, log_gaussian(z, 0.0, 0 * z)
    yield "iw.no_prior", np.zeros(z.shape[:2])
    yield "iw.prior_sign", -log_gaussian(z, 0.0, 0 * z)
    yield "iw.prior_sign", 0.5 * square - 0.5 * d * _LOG_2PI
    yield "iw.no_half", -square - 0.5 * d * _LOG_2PI
    yield "iw.dims_averaged", log_gaussian(z, 0.0, 0 * z) / d
    yield "iw.prior_part", np.broadcast_to(log_gaussian(m, 0.0, 0 * m), z.shape[:2])
    yield "iw.prior_part", np.broadcast_to(log_gaussian(v, 0.0, 0 * v), z.shape[:2])
    yield "iw.prior_part", log_gaussian(z, m, 0 * z)
    yield "iw.prior_part", log_gaussian(z, 0.0, v)
    yield "iw.prior_part", -0.5 * abs(z).sum(-1) - 0.5 * d * _LOG_2PI
    yield "iw.prior_part", -abs(z).sum(-1) - 0.5 * d * _LOG_2PI
    yield "iw.prior_part", -0.5 * z.sum(-1) - 0.5 * d * _LOG_2PI
    yield "iw.prior_part", -0.5 * np.sqrt(square) - 0.5 * d * _LOG_2PI
    yield "iw.prior_part", np.exp(log_gaussian(z, 0.0, 0 * z))
    yield "iw.samples_reused", np.broadcast_to(log_gaussian(z[:1], 0.0, 0 * z[:1]), z.shape[:2])
    yield "iw.averaged", np.broadcast_to(log_gaussian(z, 0.0, 0 * z).mean(0), z.shape[:2])


def _posteriors(x, z, m, v, p):
    d, away = z.shape[-1], z - m
    square, log_det = (away**2 * np.exp(-v)).sum(-1), v.sum(-1)
    constant = 0.5 * d * _LOG_2PI  # stays: a constant in one density alone is a mistake of its own
    yield None, log_gaussian(z, m, v)
    yield "iw.no_q", np.zeros(z.shape[:2])
    yield "iw.q_sign", -log_gaussian(z, m, v)
    yield "iw.std_for_variance", -0.5 * ((away**2 * np.exp(-v / 2)).sum(-1) + log_det) - constant
    yield "iw.std_for_variance", -0.5 * ((away**2 * np.exp(-v / 2)).sum(-1) + log_det / 2) - constant
    yield "iw.log_std", -0.5 * (away**2 * np.exp(-2 * v)).sum(-1) - log_det - constant
    yield "iw.log_std", -0.5 * (away**2 * np.exp(-2 * v)).sum(-1) - 0.5 * log_det - constant
    yield "iw.log_std", -0.5 * square - log_det - constant
    yield "iw.no_log_det", -0.5 * square - constant
    yield "iw.no_log_det", -0.5 * square + 0.5 * log_det - constant
    yield "iw.no_log_det", -0.5 * square - 0.25 * log_det - constant
    yield "iw.no_half", -square - 0.5 * log_det - constant
    yield "iw.no_half", -square - log_det - constant
    yield "iw.dims_averaged", log_gaussian(z, m, v) / d
    yield "iw.q_at_mean", np.broadcast_to(-0.5 * log_det, z.shape[:2]) - constant
    yield "iw.entropy", np.broadcast_to(-0.5 * (log_det + d * (1 + _LOG_2PI)), z.shape[:2])
    yield "iw.entropy", np.broadcast_to(0.5 * (log_det + d * (1 + _LOG_2PI)), z.shape[:2])
    yield "iw.q_part", log_gaussian(z, v, m)
    yield "iw.q_part", -0.5 * ((away**2 * np.exp(v)).sum(-1) + log_det) - constant
    yield "iw.q_part", -0.5 * ((away**2 / v).sum(-1) + log_det) - constant
    yield "iw.q_part", -0.5 * ((away * np.exp(-v / 2)).sum(-1) + log_det) - constant
    yield "iw.q_part", -0.5 * ((abs(away) * np.exp(-v / 2)).sum(-1) + log_det) - constant
    yield "iw.q_part", -0.5 * ((away**2).sum(-1) + log_det) - constant
    yield "iw.q_part", -0.5 * (away**2).sum(-1) - constant
    yield "iw.q_part", 0.5 * square - 0.5 * log_det - constant
    yield "iw.q_part", -0.5 * ((z**2 * np.exp(-v)).sum(-1) + log_det) - constant
    yield "iw.q_part", -0.5 * (((z + m) ** 2 * np.exp(-v)).sum(-1) + log_det) - constant
    yield "iw.q_part", log_gaussian(z, 0.0, 0 * z)
    yield "iw.q_part", np.exp(log_gaussian(z, m, v))
    yield "iw.samples_reused", np.broadcast_to(log_gaussian(z[:1], m, v), z.shape[:2])
    yield "iw.averaged", np.broadcast_to(log_gaussian(z, m, v).mean(0), z.shape[:2])
    yield "iw.averaged", np.broadcast_to(log_gaussian(z, m, v).mean(1, keepdims=True), z.shape[:2])


def _wholes(w, kl, likelihood):
    """What is done with the sum of the parts; ``kl`` in place of the Gaussians."""
    yield None, w
    yield "iw.kl", likelihood - kl
    yield "iw.kl", likelihood + kl
    yield "iw.negative", -w
    with np.errstate(all="ignore"):
        yield "iw.not_logged", np.exp(w)
    yield "iw.normalised", w - log_likelihood(w) - np.log(len(w))
    yield "iw.normalised", np.exp(w - log_likelihood(w)) / len(w)
    yield "iw.normalised", w - w.max(0)
    yield "iw.factor", w / 2
    yield "iw.factor", 2 * w
    yield "iw.base", w / np.log(2)
    yield "iw.base", w / np.log(10)
    yield "iw.factor", w / w.shape[1]
    yield "iw.factor", w / len(w)
    yield "iw.constant", w - np.log(len(w))


def _shapes(w):
    """What is done with the axes."""
    yield None, w
    for reduce in (np.mean, np.sum):
        for axis in (0, 1, None):
            yield "iw.averaged", reduce(w, axis=axis)
        yield "iw.averaged", reduce(w, axis=0, keepdims=True)
        yield "iw.averaged", reduce(w, axis=1, keepdims=True)
        yield "iw.averaged", np.broadcast_to(reduce(w, axis=0), w.shape)
        yield "iw.averaged", np.broadcast_to(reduce(w, axis=1, keepdims=True), w.shape)
        yield "iw.averaged", np.broadcast_to(reduce(w), w.shape)
    yield "iw.averaged", log_likelihood(w)
    yield "iw.samples_reused", w[0]
    yield "iw.samples_reused", np.broadcast_to(w[:1], w.shape)
    yield "iw.transposed", w.T
    yield "iw.keepdims", w[..., None]
    yield "iw.transposed", w.reshape(w.shape[::-1])
    yield "iw.averaged", w.ravel()


_PARTS = _likelihoods, _priors, _posteriors


def _candidates(case):
    """``(ids, value)`` of each way to be wrong once, then twice; the same list for every case."""
    parts = [list(part(*case)) for part in _PARTS]
    # A Gaussian's constant may stand in both densities or in neither: it is compared apart.
    whole = [values for _, values in (part[0] for part in parts)]
    w = whole[0] + whole[1] - whole[2]
    kl = 0.5 * np.sum(np.exp(case[3]) + case[2] ** 2 - 1 - case[3], axis=-1)
    once, twice = [], []
    for i, part in enumerate(parts):
        for name, values in part[1:]:
            changed = w + (1, 1, -1)[i] * (values - whole[i])
            once.append(((name,), changed))
            twice += [((name, second), after) for second, after in list(_shapes(changed))[1:]]
            twice += [
                ((name, second), after)
                for second, after in list(_wholes(changed, kl, whole[0]))[1:]
                if second != "iw.kl"
            ]
    for (i, first), (j, second) in itertools.combinations(enumerate(parts), 2):
        for (a, values), (b, others) in itertools.product(first[1:], second[1:]):
            changed = w + (1, 1, -1)[i] * (values - whole[i]) + (1, 1, -1)[j] * (others - whole[j])
            twice.append(((a, b), changed))
    for name, values in list(_wholes(w, kl, whole[0]))[1:]:
        once.append(((name,), values))
        twice += [((name, second), after) for second, after in list(_shapes(values))[1:]]
    for name, values in list(_shapes(w))[1:]:
        once.append(((name,), values))
    return [((), w), *once, *twice]


def _apart(got, value, rounding):
    """The constant by which numbers differ, or None if that is none."""
    if got.shape != np.shape(value) or got.size == 0:
        return None
    some = [got.flat[i] - value.flat[i] for i in (0, got.size // 2, got.size // 3, -1)]
    if not max(some) - min(some) <= 2 * rounding:  # most candidates end here; so written, NaN does too
        return None
    off = got - value
    constant = float(off.mean())
    return constant if np.all(abs(off - constant) <= rounding) else None


def _all_apart(cases, rounding, alternatives):
    """`_apart` for each case, or None if a case has none."""
    apart = []
    for (_, got), off, (_, value) in zip(cases, rounding, alternatives, strict=True):
        apart.append(_apart(got, value, off))
        if apart[-1] is None:
            return None
    return apart


def recognised(cases):
    """Ids that explain ``[(case, got), ...]``, most telling first; or [].

    A candidate explains numbers that differ from its own by a constant, if that is the same in every latent
    dimension or a multiple of log 2π: then the constant is named as well.
    """
    lists = [_candidates(case) for case, _ in cases]
    rounding = [2e-3 + 2e-5 * abs(got).max() for _, got in cases]
    apart = [_all_apart(cases, rounding, alternatives) for alternatives in zip(*lists, strict=True)]
    fits = [i for i, constants in enumerate(apart) if constants is not None]
    exact = {i for i in fits if max(map(abs, apart[i])) < 3e-3}
    if 0 in exact:
        return []
    fits = [i for i in fits if i in exact or _gaussian(cases, apart[i])]
    if fits:
        # The fewest mistakes; among these an exact match before one with a constant to be explained.
        found = {i: _ids(lists[0][i][0], i not in exact) for i in fits}
        return found[min(fits, key=lambda i: (len(found[i]), i not in exact))]
    right, sizes = [alternatives[0][1] for alternatives in lists], [size(*case) for case, _ in cases]
    if all(calling.few_digits(got, w, s) for (_, got), w, s in zip(cases, right, sizes, strict=True)):
        return ["iw.precision"]
    return _multiple(cases, right)


def _ids(names, constant):
    found = [name for joined in names for name in joined.split("+")]
    return list(dict.fromkeys([*found, *(["iw.constant"] if constant else [])]))


def _gaussian(cases, apart):
    """Whether constants are one for all cases, or proportional to the latent dimensions."""
    dims = np.array([case[1].shape[-1] for case, _ in cases])
    apart = np.array(apart)
    basis = np.stack([np.ones(len(dims)), dims], 1)
    fit, *_ = np.linalg.lstsq(basis, apart, rcond=None)
    return bool(np.allclose(basis @ fit, apart, atol=4e-3))


def _multiple(cases, right):
    if any(got.shape != w.shape for (_, got), w in zip(cases, right, strict=True)):
        return []
    ratios = np.concatenate([(got / w).ravel() for (_, got), w in zip(cases, right, strict=True)])
    return ["iw.factor"] if np.ptp(ratios) < 1e-3 * abs(ratios.mean()) else []
