"""Reconstruction terms that are wrong in known ways, as plain NumPy in float64: what each mistake would report, in nats."""

import itertools
from typing import NamedTuple

import numpy as np

from vaelab.checks.judge.oracles import bce, sigmoid


class Rec(NamedTuple):
    """One way to write the reconstruction term; the defaults are right."""

    z: str = "ok"
    target: str = "ok"
    prediction: str = "ok"
    formula: str = "ok"
    reduce: str = "ok"

    def value(self, networks, x):
        """What `reconstruction` would be for the batch `x`."""
        return self.of(x, networks.decoded(x))

    def of(self, x, decoded):
        """The same, from what `Networks.decoded` gives for `x`."""
        flat = x.reshape(len(x), -1)
        with np.errstate(all="ignore"):
            t, p = _TARGET[self.target](flat), _PREDICTION[self.prediction](decoded[self.z])
            if self.formula == "swapped":
                terms = bce(p, np.clip(t, _LOW, _HIGH))
            else:
                terms = _FORMULA[self.formula](t, p)
            return float(_REC_REDUCE[self.reduce](terms, x.shape))


_TARGET = {
    "ok": lambda x: x,
    "by255": lambda x: x / 255,
    "times255": lambda x: x * 255,
    "symmetric": lambda x: 2 * x - 1,
    "binary": lambda x: (x > 0.5) * 1.0,
    "round": np.round,
    "inverted": lambda x: 1 - x,
}
# Keras clips probabilities in float32, where 1 - 1e-7 is not quite that.
_LOW, _HIGH = 1e-7, float(np.float32(1) - np.float32(1e-7))
_PREDICTION = {
    "ok": lambda p: p,
    "sigmoid": sigmoid,
    "logits": lambda p: np.clip(np.log(p / (1 - p)), _LOW, _HIGH),
    "tanh": lambda p: np.clip(np.tanh(np.log(p / (1 - p))), _LOW, _HIGH),
    "symmetric": lambda p: np.clip(2 * p - 1, _LOW, _HIGH),
    "inverted": lambda p: 1 - p,
}
_FORMULA = {
    "ok": bce,
    "mse": lambda x, p: (x - p) ** 2,
    "half_mse": lambda x, p: (x - p) ** 2 / 2,
    "mae": lambda x, p: abs(x - p),
    "swapped": None,
    "ones_only": lambda x, p: -x * np.log(p),
    "zeros_only": lambda x, p: -(1 - x) * np.log(1 - p),
    "categorical": lambda x, p: -x * np.log(p / p.sum(-1, keepdims=True)),
    "base2": lambda x, p: bce(x, p) / np.log(2),
    "gaussian": lambda x, p: (x - p) ** 2 / 2 + np.log(2 * np.pi) / 2,
}
_REC_REDUCE = {
    "ok": lambda t, s: t.sum(-1).mean(),
    "pixel_mean": lambda t, s: t.mean(),
    "sum_all": lambda t, s: t.sum(),
    "mean784": lambda t, s: 784 * t.mean(),
    "twice": lambda t, s: t.shape[1] * t.sum(-1).mean(),
    "rows": lambda t, s: t.sum(-1).mean() / (s[2] if len(s) > 2 else np.sqrt(t.shape[1])),
    "columns": lambda t, s: t.sum(-1).mean() / s[1],
    "negative": lambda t, s: -t.sum(-1).mean(),
    "negative_mean": lambda t, s: -t.mean(),
    "half": lambda t, s: t.sum(-1).mean() / 2,
    "double": lambda t, s: 2 * t.sum(-1).mean(),
    "over_batch": lambda t, s: t.sum(-1).mean() / len(t),
    "times_batch_mean": lambda t, s: t.sum(0).mean(),
    "norm": lambda t, s: np.sqrt(t.sum(-1)).mean(),
    "zero": lambda t, s: 0.0,
    "by255": lambda t, s: t.sum(-1).mean() / 255,
    "mean28": lambda t, s: 28 * t.mean(),
}
_REC_OPTIONS = {
    "z": ("ok", "mean"),
    "target": _TARGET,
    "prediction": _PREDICTION,
    "formula": _FORMULA,
    "reduce": _REC_REDUCE,
}


def _rec_variants(depth):
    for fields in itertools.combinations(_REC_OPTIONS, depth):
        for options in itertools.product(*([o for o in _REC_OPTIONS[f] if o != "ok"] for f in fields)):
            yield Rec(**dict(zip(fields, options)))


SINGLE_REC = tuple(_rec_variants(1))
DOUBLE_REC = tuple(_rec_variants(2))
