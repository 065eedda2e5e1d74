"""KL terms that are wrong in known ways, as plain NumPy in float64: what each mistake would return, in nats."""

import itertools
from typing import NamedTuple

import numpy as np


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


class Kl(NamedTuple):
    """One way to write the KL term: each field names the option that was taken.

    The defaults are right. One field changed is one mistake, two fields are two.
    """

    log_var: str = "ok"
    mean: str = "ok"
    spread: str = "ok"
    entropy: str = "ok"
    constant: str = "ok"
    scale: str = "ok"
    reduce: str = "ok"

    def terms(self, z_mean, z_log_var):
        """The value for each image and dimension, ``(batch, latent_dim)``."""
        if self.log_var == "swapped":
            m, v = z_log_var, z_mean
        else:
            m, v = z_mean, _LOG_VAR[self.log_var](z_log_var)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            if self.scale == "left_out":
                return np.zeros_like(m)
            if self.scale == "discrete":
                m, v = np.clip(m, 1e-7, 1), np.clip(v, 1e-7, 1)  # as Keras does
                return m * np.log(m / v)
            if self.scale == "reversed":
                return 0.5 * (np.exp(-v) * (1 + m**2) - 1 + v)
            entropy = _ENTROPY[self.entropy](v)
            constant = {"ok": -1.0, "none": 0.0, "plus": 1.0, "once": -1.0 / m.shape[-1], "half": -0.5}[self.constant]
            mean, spread = _MEAN[self.mean](m), _SPREAD[self.spread](v)
            if self.scale in BRACKETS:
                return sum(
                    factor * part for factor, part in zip(BRACKETS[self.scale], (mean, spread, entropy, constant))
                )
            return _SCALE[self.scale] * (mean + spread + entropy + constant)

    def value(self, z_mean, z_log_var):
        """What such a `kl_term` returns."""
        return _REDUCE[self.reduce](self.terms(z_mean, z_log_var))


_LOG_VAR = {
    "ok": lambda v: v,
    "abs": abs,
    "relu": lambda v: np.maximum(v, 0),
    "softplus": softplus,
    "double": lambda v: 2 * v,
    "halved": lambda v: v / 2,
    "exp": np.exp,
    "swapped": None,
    "min0": lambda v: np.minimum(v, 0),
    "tanh": np.tanh,
    "log": lambda v: np.log(np.maximum(v, 1e-7)),
    "log_abs": lambda v: np.log(abs(v)),
    "log_square": lambda v: np.log(v**2),
    "minus": lambda v: -v,
    "softplus_std": lambda v: 2 * np.log(softplus(v)),
}
_MEAN = {
    "ok": lambda m: m**2,
    "plain": lambda m: m,
    "abs": abs,
    "none": np.zeros_like,
    "twice": lambda m: 2 * m**2,
    "half": lambda m: m**2 / 2,
    "minus": lambda m: -(m**2),
    "twice_plain": lambda m: 2 * m,
    "cube": lambda m: m**3,
    "twice_abs": lambda m: 2 * abs(m),
    "exp": np.exp,
}
_SPREAD = {
    "ok": np.exp,
    "std": lambda v: np.exp(v / 2),
    "double": lambda v: np.exp(2 * v),
    "raw": lambda v: v,
    "square": lambda v: v**2,
    "abs": lambda v: np.exp(abs(v)),
    "relu": lambda v: np.exp(np.maximum(v, 0)),
    "softplus": lambda v: np.exp(softplus(v)),
    "softplus_only": softplus,
    "none": np.zeros_like,
    "inverse": lambda v: np.exp(-v),
    "minus": lambda v: -np.exp(v),
    "softplus_square": lambda v: softplus(v) ** 2,
    "raw_abs": abs,
}
_ENTROPY = {
    "ok": lambda v: -v,
    "none": np.zeros_like,
    "plus": lambda v: v,
    "half": lambda v: -v / 2,
    "double": lambda v: -2 * v,
    "exp": lambda v: -np.exp(v),
    "log": lambda v: -np.log(np.maximum(v, 1e-7)),
    "log_abs": lambda v: -np.log(abs(v)),
    "log_square": lambda v: -np.log(v**2),
    "abs": lambda v: -abs(v),
    "relu": lambda v: -np.maximum(v, 0),
    "softplus": lambda v: -softplus(v),
    "base2": lambda v: -v / np.log(2),
    "base10": lambda v: -v / np.log(10),
}
_SCALE = {
    "ok": 0.5,
    "no_half": 1.0,
    "negative": -0.5,
    "negative_no_half": -1.0,
    "quarter": 0.25,
    "twice": 2.0,
    "base2": 0.5 / np.log(2),
}
#: The factor in front of some of the four parts only: where a bracket opens or closes in the wrong place.
BRACKETS = {
    "brackets" + "".join("½1"[f == 1] for f in factors): factors
    for factors in itertools.product((0.5, 1.0), repeat=4)
    if len(set(factors)) > 1
}


def _each(total):
    return lambda terms: np.full(len(terms), total(terms))


_REDUCE = {
    "ok": lambda t: t.sum(-1),
    "mean": lambda t: t.mean(-1),
    "none": lambda t: t,
    "keepdims": lambda t: t.sum(-1, keepdims=True),
    "sum_axis0": lambda t: t.sum(0),
    "mean_axis0": lambda t: t.mean(0),
    "sum_all": np.sum,
    "mean_all": np.mean,
    "batch_mean": lambda t: t.sum(-1).mean(),
    "sum_all_each": _each(np.sum),
    "mean_all_each": _each(np.mean),
    "batch_mean_each": _each(lambda t: t.sum(-1).mean()),
    "first": lambda t: t[:, 0],
    "first_two": lambda t: t[:, :2].sum(-1),
    "max": lambda t: t.max(-1),
    "abs": lambda t: abs(t.sum(-1)),
    "abs_each": lambda t: abs(t).sum(-1),
    "over_batch": lambda t: t.sum(-1) / len(t),
    "mean_keepdims": lambda t: t.mean(-1, keepdims=True),
    "last": lambda t: t[:, -1],
    "relu": lambda t: np.maximum(t.sum(-1), 0),
    "norm": lambda t: np.sqrt((t**2).sum(-1)),
    "product": lambda t: t.prod(-1),
    "sqrt": lambda t: np.sqrt(abs(t.sum(-1))),
}

_OPTIONS = {
    "log_var": _LOG_VAR,
    "mean": _MEAN,
    "spread": _SPREAD,
    "entropy": _ENTROPY,
    "constant": ("ok", "none", "plus", "once", "half"),
    "scale": (*_SCALE, "left_out", "reversed", "discrete", *BRACKETS),
    "reduce": _REDUCE,
}


def _variants(depth):
    for fields in itertools.combinations(_OPTIONS, depth):
        choices = [[o for o in _OPTIONS[field] if o != "ok"] for field in fields]
        for options in itertools.product(*choices):
            yield Kl(**dict(zip(fields, options)))


#: Every way with one mistake, then every way with two: the simplest explanation first.
SINGLE_KL = tuple(_variants(1))
DOUBLE_KL = tuple(_variants(2))
