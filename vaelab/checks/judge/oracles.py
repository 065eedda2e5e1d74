"""What is right, and what is wrong in known ways, as plain NumPy in float64.

Sources: the KL divergence between a diagonal Gaussian and N(0, I) is equation 10 and
appendix B of Kingma and Welling (2014, arXiv:1312.6114); the Bernoulli reconstruction
term is their appendix C.1. All values are in nats.
"""

import itertools
from typing import NamedTuple

import numpy as np


def kl(z_mean: np.ndarray, z_log_var: np.ndarray) -> np.ndarray:
    """KL from N(z_mean, diag exp z_log_var) to N(0, I), ``(batch,)``, in nats."""
    return 0.5 * np.sum(z_mean**2 + np.exp(z_log_var) - z_log_var - 1, axis=-1)


def kl_gradients(z_mean: np.ndarray, z_log_var: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of `kl` with respect to its two arguments."""
    return z_mean, 0.5 * (np.exp(z_log_var) - 1)


def kl_size(z_mean: np.ndarray, z_log_var: np.ndarray) -> np.ndarray:
    """Sum of the absolute terms of `kl`: what rounding errors are relative to."""
    return 0.5 * np.sum(z_mean**2 + np.exp(z_log_var) + abs(z_log_var) + 1, axis=-1)


# --- wrong KL terms ---------------------------------------------------------------------


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


# --- the VAE of the checks --------------------------------------------------------------


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def bce(x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Bernoulli negative log likelihood of each pixel, in nats."""
    return -(x * np.log(p) + (1 - x) * np.log(1 - p))


class Networks(NamedTuple):
    """The probe's small encoder, sampling layer and decoder, in NumPy.

    `weights` maps the names that `vaelab.checks.student.probe` uses to arrays.
    """

    weights: dict

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``(z_mean, z_log_var)`` of images ``(batch, ...)``."""
        w = self.weights
        h = np.tanh(x.reshape(len(x), -1) @ w["encoder_hidden.kernel"] + w["encoder_hidden.bias"])
        return tuple(h @ w[f"{n}.kernel"] + w[f"{n}.bias"] for n in ("z_mean", "z_log_var"))

    def noise(self, m: np.ndarray, v: np.ndarray) -> np.ndarray:
        w = self.weights
        return 1.5 * np.sin(m @ w["noise.mean"] + v @ w["noise.log_var"] + w["noise.phase"])

    def sample(self, m: np.ndarray, v: np.ndarray) -> np.ndarray:
        return m + np.exp(0.5 * v) * self.noise(m, v)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Probabilities ``(batch, pixels)``."""
        w = self.weights
        h = np.tanh(z @ w["decoder_hidden.kernel"] + w["decoder_hidden.bias"])
        return sigmoid(h @ w["pixels.kernel"] + w["pixels.bias"])

    def decoded(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Probabilities for the images `x`: ``{"ok": from a sample of z, "mean": from z_mean}``."""
        m, v = self.encode(x)
        return {"ok": self.decode(self.sample(m, v)), "mean": self.decode(m)}

    def parts(self, x: np.ndarray) -> tuple[float, float]:
        """Mean reconstruction and mean KL over the images, in nats per image."""
        m, v = self.encode(x)
        p = self.decode(self.sample(m, v))
        return float(bce(x.reshape(len(x), -1), p).sum(-1).mean()), float(kl(m, v).mean())

    def one_sample_kl(self, x: np.ndarray) -> float:
        """Mean over the images of log q(z|x) - log p(z) at the z that is sampled, in nats."""
        m, v = self.encode(x)
        return float(0.5 * np.sum(self.sample(m, v) ** 2 - self.noise(m, v) ** 2 - v, axis=-1).mean())

    def gradients(self, x: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Gradients of both numbers of `parts` with respect to the trainable weights.

        Returns two dictionaries with the names of `weights`; noise is held fixed, as in
        the reparameterisation trick.
        """
        w, n, flat = self.weights, len(x), x.reshape(len(x), -1)
        h = np.tanh(flat @ w["encoder_hidden.kernel"] + w["encoder_hidden.bias"])
        m, v = self.encode(x)
        std, eps = np.exp(0.5 * v), self.noise(m, v)
        z = m + std * eps
        g = np.tanh(z @ w["decoder_hidden.kernel"] + w["decoder_hidden.bias"])
        d_logits = (self.decode(z) - flat) / n
        d_g = d_logits @ w["pixels.kernel"].T * (1 - g**2)
        d_z = d_g @ w["decoder_hidden.kernel"].T
        rec = {
            "pixels.kernel": g.T @ d_logits,
            "pixels.bias": d_logits.sum(0),
            "decoder_hidden.kernel": z.T @ d_g,
            "decoder_hidden.bias": d_g.sum(0),
        }
        both = []
        for d_m, d_v in ((d_z, d_z * eps * std / 2), (m / n, 0.5 * (np.exp(v) - 1) / n)):
            d_h = (d_m @ w["z_mean.kernel"].T + d_v @ w["z_log_var.kernel"].T) * (1 - h**2)
            both.append(
                {
                    "z_mean.kernel": h.T @ d_m,
                    "z_mean.bias": d_m.sum(0),
                    "z_log_var.kernel": h.T @ d_v,
                    "z_log_var.bias": d_v.sum(0),
                    "encoder_hidden.kernel": flat.T @ d_h,
                    "encoder_hidden.bias": d_h.sum(0),
                }
            )
        return {**rec, **both[0]}, both[1]


# --- wrong reconstruction terms ---------------------------------------------------------


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
