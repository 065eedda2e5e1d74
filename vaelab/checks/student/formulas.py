"""The numbers that make an implementation of a VAE's two formulas, by name. Whoever draws them needs no Keras."""

from typing import NamedTuple


class KlNumbers(NamedTuple):
    """A KL term: a sum over latent dimensions of functions of ``m = z_mean`` and ``v = z_log_var``.

    With ``w = log_var * v + abs_log_var * |v|``, each dimension contributes ::

        square * m² + abs * |m| + plain * m
          + spread * exp(rate * w) + entropy * w + constant
          + precision * exp(precision_rate * w) * m²

    and the sum is multiplied by ``latent_dim ** power``.
    """

    log_var: float = 1.0
    abs_log_var: float = 0.0
    square: float = 0.0
    abs: float = 0.0
    plain: float = 0.0
    spread: float = 0.0
    rate: float = 1.0
    entropy: float = 0.0
    constant: float = 0.0
    precision: float = 0.0
    precision_rate: float = 0.0
    power: float = 0.0


class SampleNumbers(NamedTuple):
    """A sampling step: ``z = m + (factor * exp(rate * v) + linear * v) * epsilon``."""

    factor: float = 0.0
    rate: float = 0.0
    linear: float = 0.0
