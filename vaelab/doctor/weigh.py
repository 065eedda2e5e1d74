"""What the loss is a function of: the reconstruction's formula and weight, the KL's formula and weight, by trying values.

The reconstruction and the posterior's parameters are replaced by numbers that are drawn here. A loss that is
``a * f(x, x_decoded) + b * g(z_mean, z_log_var) + c`` shows f and g as the formulas of `vaelab.checks.judge.oracles` that
fit it, and a and b as what they are multiplied by.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from vaelab.checks.judge import oracles, recognise
from vaelab.checks.judge.wrong_kl import DOUBLE_KL, SINGLE_KL, softplus
from vaelab.checks.judge.wrong_reconstruction import Rec
from vaelab.doctor.held import Held
from vaelab.doctor.parts import Parts
from vaelab.doctor.step import Seen

#: Losses that are looked at for one formula; the numbers to be fitted are two.
CASES = 5
#: Ways from the second output of an encoder to a log variance: name, and the function.
SCALES: dict[str, Callable] = {
    "exp(v / 2)": lambda v: v,
    "exp(v)": lambda v: 2 * v,
    "softplus(v)": lambda v: 2 * np.log(softplus(v)),
    "v": lambda v: 2 * np.log(np.abs(v)),
    "sqrt(v)": lambda v: np.log(np.abs(v)),
    "1": np.zeros_like,
}


class Fit(NamedTuple):
    """``weight * formula + rest`` is the loss, up to rounding."""

    weight: float
    rest: float
    residual: float  # relative to how much the loss changes


class Draws(NamedTuple):
    """Values that were put in, and the losses that came out."""

    values: list
    losses: np.ndarray
    codes: list  # z in each case


class Term(NamedTuple):
    """A formula of the posterior's parameters that explains the losses."""

    mistakes: list[str]
    fit: Fit
    formula: Callable[[Draws], list[float]]


class Reconstruction(NamedTuple):
    """The reconstruction term: its formula, the array it is compared with, and its weight for a sum over pixels."""

    formula: Rec
    target: str
    fit: Fit
    batch_power: int  # of the number of images, in the weight
    held: Held | None = None  # the number that the model holds as its weight


class Divergence(NamedTuple):
    """The term of the posterior's parameters: mistakes in its formula, and its weight."""

    mistakes: list[str]
    reading: str  # the key of SCALES by which it reads the second parameter
    fit: Fit
    batch_power: int
    held: Held | None = None


def fit(formula: list[float], losses: np.ndarray) -> Fit:
    """Least squares of the losses over one formula's values and a constant."""
    f = np.asarray(formula, "float64")
    if not np.isfinite(f).all() or f.std() < 1e-12 * max(1, abs(f).max()):
        return Fit(0.0, 0.0, np.inf)
    scale = f.std()
    design = np.stack([(f - f.mean()) / scale, np.ones_like(f)], axis=1)
    (slope, level), *_ = np.linalg.lstsq(design, losses, rcond=None)
    residual = np.abs(design @ (slope, level) - losses).max() / max(losses.std(), 1e-12)
    return Fit(slope / scale, level - slope / scale * f.mean(), float(residual))


class Weigher:
    """Losses of one model for numbers that replace its own, on a batch of `parts.count` images."""

    def __init__(self, parts: Parts):
        self.parts = parts
        self.half = any(t.dtype.size < 4 for t in parts.base.wires.values())
        self.exact = 4e-2 if self.half else 3e-3  # a residual up to which a formula fits
        self.rng = np.random.default_rng(7)
        self.second = (-1.9, 1.4)  # values that the encoder's second output can take; positive ones for a scale itself
        x = parts.feed.target(parts.images, parts.beside)
        self.x = x
        self.x_fixed = self._round(self.rng.uniform(0.1, 0.9, x.shape))

    def _round(self, values):
        """As the model will see them."""
        return values.astype("float16" if self.half else "float32").astype("float64")

    def posterior(
        self, low: float, high: float, scales: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """z_mean of size low to high, of both signs; the second parameter from an interval."""
        shape = (self.parts.count, self.parts.size)
        signs = self.rng.choice([-1, 1], shape)
        return self._round(signs * self.rng.uniform(low, high, shape)), self._round(
            self.rng.uniform(*(scales or self.second), shape)
        )

    def at(self, seed: int = 1, m: Any = None, v: Any = None, x_decoded: Any = None) -> Seen:
        """A step with these put in."""
        p = self.parts
        put = ((p.z_mean, m), (p.z_log_var, v), (p.x_decoded, x_decoded))
        return p.run(seed, {slot: value for slot, value in put if slot is not None and value is not None})

    # --- the reconstruction ---------------------------------------------------------

    def reconstructions(self, cases: int = CASES) -> Draws:
        """Losses for drawn reconstructions; the posterior is fixed, where it is known."""
        m, v = self.posterior(2.6, 3.4) if self.parts.z_mean and self.parts.z_log_var else (None, None)
        drawn = [self._round(self.rng.uniform(0.04, 0.96, self.x.shape)) for _ in range(cases)]
        # Uniform draws differ little in their sum over many pixels: some are moved to one side.
        drawn = [self._round(p**power) for p, power in zip(drawn, (3, 0.3, 1, 0.5, 2))]
        seen = [self.at(1, m, v, p) for p in drawn]
        return Draws(drawn, np.array([s.loss for s in seen]), [])

    def formula(self, draws: Draws, targets: dict[str, np.ndarray]) -> tuple[Rec, str, Fit] | None:
        """The reconstruction term that explains the losses, which array its target is, and its fit; None if none does."""
        if draws.losses.std() <= 1e-7 * np.abs(draws.losses).max():
            return None
        best = None
        for candidate in _RECONSTRUCTIONS:
            for name, target in targets.items():
                got = fit([candidate.of(target, {"ok": p}) for p in draws.values], draws.losses)
                if got.residual < self.exact and (best is None or got.residual < 0.2 * best[2].residual):
                    best = (candidate, name, got)
            if best is not None and _changes(candidate) > _changes(best[0]):
                break  # the simplest explanation
        return best

    # --- the KL ---------------------------------------------------------------------

    def divergences(
        self, low: float, high: float, cases: int = CASES + 1, scales: tuple[float, float] | None = None
    ) -> Draws:
        """Losses for drawn posteriors; the reconstruction is fixed."""
        drawn = [self.posterior(low, high, scales) for _ in range(cases)]
        seen = [self.at(1, m, v, self.x_fixed) for m, v in drawn]
        codes = [self.parts.values(s, self.parts.z) for s in seen]
        return Draws(drawn, np.array([s.loss for s in seen]), codes)

    def flat(self, draws: Draws) -> bool:
        """Whether the loss does not depend on what was drawn."""
        return bool(draws.losses.std() <= (1e-3 if self.half else 2e-6) * max(1e-6, np.abs(draws.losses).max()))

    def goes_around(self) -> bool:
        """Whether the loss depends on z with the posterior's parameters and the reconstruction held fixed."""
        p = self.parts
        m, v = self.posterior(2.6, 3.4)
        put = {p.z_mean: m, p.z_log_var: v, p.x_decoded: self.x_fixed}
        codes = self.posterior(0.5, 2.5)[0], self.posterior(0.5, 2.5)[0]
        losses = np.array([p.run(1, {**put, p.z: z}).loss for z in codes])
        return not self.flat(Draws([], losses, []))

    def kl(self, draws: Draws, scale: Callable) -> Term | None:
        """The KL for this reading of the scale, exact or from one sample; None if neither fits."""

        def exact(d):
            return [oracles.kl(m, scale(v)).mean() for m, v in d.values]

        def one_sample(d):
            return [_one_sample(m, scale(v), z) for (m, v), z in zip(d.values, d.codes)]

        for ids, formula in (([], exact), (["kl.one_sample"], one_sample)):
            got = fit(formula(draws), draws.losses)
            if got.residual < self.exact:
                return Term(ids, got, formula)
        return None

    def wrong_kl(self, draws: Draws) -> Term | None:
        """The wrong KL term of the catalogue that explains the losses; None if none does."""
        for candidates in (SINGLE_KL, DOUBLE_KL):
            found = []
            for candidate in candidates:
                if candidate.reduce not in ("ok", "first", "last", "max", "first_two", "abs", "relu", "sqrt", "norm"):
                    continue  # other ways to reduce change the weight alone
                if candidate.scale in _WEIGHTS_ONLY or candidate.constant != "ok":
                    continue
                formula = functools.partial(_values, candidate)
                got = fit(formula(draws), draws.losses)
                if got.residual < self.exact:
                    found.append(Term(recognise.kl_ids(candidate), got, formula))
            if found:
                return min(found, key=lambda term: (term.fit.weight < 0, recognise.rarity(term.mistakes)))
        return None

    def floor(self, scale: Callable, weight: float, right: Draws) -> bool:
        """Whether the loss near the prior stays above what the KL says: free bits."""
        near = self.divergences(0.0, 0.15, cases=2, scales=_near(scale))
        kl = np.array([oracles.kl(m, scale(v)).mean() for m, v in near.values])
        far = np.array([oracles.kl(m, scale(v)).mean() for m, v in right.values])
        level = np.mean(right.losses - weight * far)
        excess = (near.losses - level) / weight - kl
        return bool((excess > 0.02 * self.parts.size * 0.05 + 1e-3 * abs(level / weight)).all())


def _one_sample(m, log_var, z):
    """log q(z|x) - log p(z) at the z that was drawn, mean over images."""
    noise = (z - m) * np.exp(-0.5 * log_var)
    return 0.5 * (z**2 - noise**2 - log_var).sum(1).mean()


def _values(candidate, draws):
    return [float(np.mean(candidate.value(m, v))) for m, v in draws.values]


def _near(scale):
    """Values of the second parameter at which the variance is about 1."""
    grid = np.linspace(-4, 4, 8001)
    with np.errstate(all="ignore"):
        best = float(grid[np.nanargmin(np.abs(scale(grid)))])
    return best - 0.05, best + 0.05


_WEIGHTS_ONLY = ("no_half", "negative", "negative_no_half", "quarter", "twice", "base2", "left_out")


class OfSigmoid(Rec):
    """The same formulas for a decoder whose logits go through a sigmoid first."""

    def of(self, x: np.ndarray, decoded: dict[str, np.ndarray]) -> np.ndarray:
        return super().of(x, {name: oracles.sigmoid(logits) for name, logits in decoded.items()})


def _changes(candidate):
    return sum(option != "ok" for option in candidate) + isinstance(candidate, OfSigmoid)


_RECONSTRUCTIONS = sorted(
    [
        *(OfSigmoid(prediction="sigmoid"), OfSigmoid(formula="mse"), OfSigmoid(formula="mae")),
        *(
            Rec(target=target, prediction=prediction, formula=formula)
            for target in ("ok", "by255", "times255", "symmetric", "binary", "round", "inverted")
            for prediction in ("ok", "sigmoid", "symmetric", "inverted")
            for formula in ("ok", "mse", "mae", "swapped", "ones_only", "zeros_only", "categorical")
        ),
    ],
    key=_changes,
)
