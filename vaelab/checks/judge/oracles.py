"""What is right, as plain NumPy in float64.

Sources: the KL divergence between a diagonal Gaussian and N(0, I) is equation 10 and
appendix B of Kingma and Welling (2014, arXiv:1312.6114); the Bernoulli reconstruction
term is their appendix C.1. All values are in nats.
"""

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
