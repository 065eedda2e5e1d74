"""Checks of ``fit_prior(codes)``, which returns a function ``sample(n, seed)``.

The codes are drawn here, from a few groups of known shape with nothing in between, so that every sample can be
judged by itself: it lies in a group if its Mahalanobis distance to that group is one that hardly any code
exceeds. What is counted differs between right and wrong answers by far more than by chance: see the constants.
"""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import chdtri  # in scipy.stats, chi2.isf: half a second of importing

from vaelab.checks.judge.problem import Asker, Problem
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import item, tensor, unchanged

_NAME = "fit_prior"
_CODES, _SAMPLES = 3000, 2000
_INSIDE = 0.99  # share of a group's codes that lie within the distance that counts as inside
# Share of samples inside a group. In 120 draws of the groups: one Gaussian at most 0.17, kernel densities with the
# default bandwidths of SciPy 0.31 to 0.66, a fifth of the codes' width 0.76 to 0.92, mixtures of ten and of twenty
# Gaussians 0.99. Chance moves each of them by 0.01.
_PRECISE = 0.7
# A group's share of the samples, divided by its share of the codes. Chance moves it by 0.07 for the smallest group.
_COVERED = (0.35, 1.9)
# The spread within a group: mean squared Mahalanobis distance of the samples inside, over the dimension.
_SPREAD = 0.5
# Median distance from a sample to the nearest code, over that of a new code. Noise of a tenth of a group's
# standard deviation gives 0.2 and more.
_NEW = 0.05


class Groups:
    """A mixture of Gaussians whose components lie far apart: a latent space with holes."""

    def __init__(self, rng: np.random.Generator, size: int):
        self._draw(rng, size)
        # A single point that is easy to name, the origin or the mean of the codes, lies near no group.
        while self.distances(np.stack([np.zeros(size), self._mean()])).min() < 2 * chdtri(size, 1 - _INSIDE):
            self._draw(rng, size)

    def _draw(self, rng, size):
        count = int(rng.choice([4, 5]))
        self.shares = rng.permutation([0.06, *rng.dirichlet(np.full(count - 1, 30)) * 0.94])
        self.centres = self._apart(rng, count, size)
        self.factors = []
        for _ in range(count):
            turn, _ = np.linalg.qr(rng.normal(size=(size, size)))
            self.factors.append(turn * rng.uniform(0.2, 0.36, size))
        # Stretched and moved, so that neither the mean nor the covariance of the codes is that of N(0, I).
        self.stretch = np.eye(size) + 0.5 * np.eye(size, k=1)
        self.offset = rng.choice([-1, 1], size) * rng.uniform(0.8, 1.6, size)

    def _mean(self):
        return self.shares @ self.centres @ self.stretch + self.offset

    @staticmethod
    def _apart(rng, count, size):
        """Centres at distances of 3.2 to 5.5 from each other."""
        one, other = np.triu_indices(count, 1)
        while True:
            centres = rng.normal(size=(count, size)) * 1.9
            distances = np.linalg.norm(centres[one] - centres[other], axis=-1)
            if distances.min() > 3.2 and distances.max() < 5.5:
                return centres

    def draw(self, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes (count, size), and the group of each."""
        group = rng.choice(len(self.shares), count, p=self.shares)
        noise = rng.normal(size=(count, self.centres.shape[1]))
        codes = self.centres[group] + np.einsum("nij,nj->ni", np.array(self.factors)[group], noise)
        return (codes @ self.stretch + self.offset).astype("float32").astype("float64"), group

    def distances(self, codes: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances to every group: (N, groups)."""
        plain = (codes - self.offset) @ np.linalg.inv(self.stretch)
        parts = [
            ((plain - centre) @ np.linalg.inv(factor).T) ** 2 for centre, factor in zip(self.centres, self.factors)
        ]
        return np.stack([part.sum(1) for part in parts], 1)


class Drawn:
    """Samples of the target beside the codes that it was given."""

    def __init__(self, groups: Groups, codes: np.ndarray, samples: np.ndarray, rng: np.random.Generator):
        self.groups, self.codes, self.samples, self.rng = groups, codes, samples, rng
        distances = groups.distances(samples)
        nearest, size = distances.argmin(1), samples.shape[1]
        self.inside = distances.min(1) < chdtri(size, 1 - _INSIDE)
        self.precision = float(self.inside.mean())
        shares = np.bincount(nearest[self.inside], minlength=len(groups.shares)) / max(1, self.inside.sum())
        wanted = np.bincount(groups.distances(codes).argmin(1), minlength=len(groups.shares)) / len(codes)
        self.covered = shares / wanted
        self.spread = float(distances.min(1)[self.inside].mean() / size) if self.inside.any() else 0.0
        tree = cKDTree(codes)
        fresh, _ = groups.draw(rng, 500)
        self.newness = float(np.median(tree.query(samples[:500])[0]) / np.median(tree.query(fresh)[0]))

    def like(self, mean: np.ndarray, covariance: np.ndarray) -> bool:
        """Whether the samples have this mean and covariance, up to a tenth of the standard deviations."""
        scale = np.sqrt(np.diag(covariance))
        near_mean = (abs(self.samples.mean(0) - mean) < 0.15 * scale).all()
        return near_mean and (abs(np.cov(self.samples.T) - covariance) < 0.2 * np.outer(scale, scale)).all()

    def explained(self) -> str | None:
        """Catalogue id for samples that miss the groups; or None."""
        mean, covariance = self.codes.mean(0), np.cov(self.codes.T)
        size = len(mean)
        if self.like(np.zeros(size), np.eye(size)):
            return "prior.standard_normal"
        fitted = self.rng.multivariate_normal(mean, covariance, _SAMPLES)
        alone = float((self.groups.distances(fitted).min(1) < chdtri(size, 1 - _INSIDE)).mean())
        if self.like(mean, covariance) and abs(self.precision - alone) < 0.06:
            return "prior.one_gaussian"
        if self.like(mean, np.diag(np.diag(covariance))):
            return "prior.independent"
        low, high = self.codes.min(0), self.codes.max(0)
        edges = (self.samples.min(0), self.samples.max(0))
        box = (low + high) / 2, np.diag((high - low) ** 2 / 12)
        if self.like(*box) and (edges[0] > low - 0.1).all() and (edges[1] < high + 0.1).all():
            return "prior.uniform"
        if abs(self.samples.mean(0) - mean).max() < 0.2 and self.precision > alone and self.spread > 1.2:
            return "prior.too_wide"
        wider = np.diag(np.cov(self.samples.T)) > 1.3 * np.diag(covariance)
        return "prior.too_wide" if wider.all() else None


def _calls(ask, codes, calls):
    """What ``sample(n, seed)`` returns for each of `calls`, as arrays of any shape; and the replies."""
    arrays = {f"codes{i}": array.astype("float32") for i, array in enumerate(codes)}
    listed = [{"args": [f"codes{i}"], "calls": calls} for i in range(len(codes))]
    body, arrays = ask({"op": "sampler", "cases": listed}, arrays)
    results = item(body, "results", list)
    if len(results) != len(codes):
        raise Problem("What came back is not in the form that was asked for.")
    return [_outputs(result, arrays, calls) for result in results], results


def _outputs(result, arrays, calls):
    if isinstance(result, dict) and "error" in result:
        raise raised(result["error"], _NAME)
    if isinstance(result, dict) and "returned" in result:
        told = result["returned"] if isinstance(result["returned"], dict) else {}
        kind = told.get("kind")
        what = {"array": "an array", "tensor": "a tensor", "none": "None", "list": "a list"}.get(
            kind if isinstance(kind, str) else None, "something that cannot be called"
        )
        raise Problem(
            f"fit_prior returned {what}",
            mistake="prior.no_function",
            got=what,
            expected="a function",
        )
    told = item(result, "calls", list)
    if len(told) != len(calls):
        raise Problem("What came back is not in the form that was asked for.")
    outputs = []
    for one, (n, seed) in zip(told, calls):
        if isinstance(one, dict) and "error" in one:
            raise raised(one["error"], "The function that fit_prior returned", f" for n = {n}, seed = {seed}")
        outputs.append(tensor(one.get("output") if isinstance(one, dict) else None, arrays, "sample(n, seed)"))
    return outputs


def _shaped(samples, n, size):
    if samples.shape != (n, size):
        raise Problem(
            f"sample({n}, seed) returned shape {samples.shape} where {(n, size)} was expected.",
            got=f"shape {samples.shape}",
            expected=f"shape {(n, size)}",
            next_step="n rows, one for each sample, and a column for each latent dimension.",
        )


def _drawn(rng, ask, sizes):
    """Groups of these sizes, and what the target makes of codes drawn from them."""
    groups = [Groups(rng, size) for size in sizes]
    codes = [g.draw(rng, _CODES)[0] for g in groups]
    outputs, _ = _calls(ask, codes, [[_SAMPLES, int(rng.integers(2**31))]])
    for size, (samples,) in zip(sizes, outputs):
        _shaped(samples, _SAMPLES, size)
    return [Drawn(g, c, samples, rng) for g, c, (samples,) in zip(groups, codes, outputs)]


def samples(rng: np.random.Generator, ask: Asker) -> None:
    """A function of n and a seed: the right shape, the same samples for the same seed, others for another."""
    size, seeds = int(rng.choice([3, 4, 5])), [int(s) for s in rng.choice(10**6, 3, replace=False)]
    codes, _ = Groups(rng, size).draw(rng, _CODES)
    calls = [[50, seeds[0]], [50, seeds[1]], [50, seeds[0]], [1, seeds[2]], [333, seeds[2]]]
    ((first, other, again, one, many),), (result,) = _calls(ask, [codes], calls)
    for array, (n, _) in zip((first, other, again, one, many), calls):
        _shaped(array, n, size)
    if not np.array_equal(first, again):
        raise Problem(
            "sample(50, seed) returned other samples when it was called again with the same seed",
            mistake="prior.not_repeatable",
            got="two different answers",
            expected="the same samples",
        )
    if np.array_equal(first, other):
        raise Problem(
            "sample(50, seed) returned the same samples for two seeds",
            mistake="prior.ignores_seed",
            got="the same samples",
            expected="different ones",
        )
    if len(np.unique(many, axis=0)) < 300:
        raise Problem(
            f"Of 333 samples, only {len(np.unique(many, axis=0))} are different",
            mistake="prior.repeats",
            got=f"{len(np.unique(many, axis=0))} different ones",
            expected="333",
        )
    unchanged(result, _NAME, ["codes"])


def precise(rng: np.random.Generator, ask: Asker) -> None:
    """Most samples lie where codes lie, for codes in groups with nothing between them."""
    for drawn in _drawn(rng, ask, [3, int(rng.choice([4, 5]))]):
        _precise(drawn)


def _precise(drawn):
    if drawn.precision < _PRECISE:
        name = drawn.explained()
        raise Problem(
            f"{100 * drawn.precision:.0f} % of the samples lie where codes lie, and at least "
            f"{100 * _PRECISE:.0f} % should" + ("" if name else "."),
            mistake=name,
            got=f"{100 * drawn.precision:.0f} %",
            expected=f"at least {100 * _PRECISE:.0f} %",
            next_step=None
            if name
            else "Plot two dimensions of the codes, and of your samples over them: where do samples lie that no code is near?",
        )


def covers(rng: np.random.Generator, ask: Asker) -> None:
    """Every group gets its share of the samples, as wide as it is, and no sample is a copy of a code."""
    for drawn in _drawn(rng, ask, [int(rng.choice([3, 4])), 5]):
        _precise(drawn)
        if drawn.newness < _NEW:
            raise Problem(
                f"The distance from a sample to the nearest code is {100 * drawn.newness:.1g} % of what it is for new codes",
                mistake="prior.copies",
                got=f"{100 * drawn.newness:.1g} %",
                expected="about 100 %",
            )
        low, high = _COVERED
        if drawn.covered.min() < low or drawn.covered.max() > high:
            worst = drawn.covered.min() if drawn.covered.min() < low else drawn.covered.max()
            missing = worst < 0.05
            raise Problem(
                "One of the groups of codes gets no samples"
                if missing
                else f"A group of codes gets {worst:.2g} times its share of the samples",
                mistake="prior.drops_a_group" if missing else "prior.wrong_shares",
                got=f"{worst:.2g} times its share",
                expected="about its share",
            )
        if drawn.spread < _SPREAD:
            raise Problem(
                f"Within a group, the samples' squared distance from the centre is {drawn.spread:.2g} of that of the codes",
                mistake="prior.too_narrow",
                got=f"{drawn.spread:.2g}",
                expected="about 1",
            )


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (samples, precise, covers)}
