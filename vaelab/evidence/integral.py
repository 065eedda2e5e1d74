"""Adding up log p(x, z) over tiles that are refined until the sum has converged."""

from typing import NamedTuple

import numpy as np

from vaelab.evidence.tiles import LEVELS, SIDE, first_tiles, spacing

SLACK = 8.0  # nats below log p(x): a quarter of a tile that holds less than this is refined no further
HOPELESS = 30.0  # nats below an image's best code: a tile that holds less than this is forgotten
FAR = 300.0  # the same, before a look at peaks between the codes
CURVED = 1.5  # nats by which a peak between codes may exceed them: beyond, the spacing is too wide to be trusted
UNSEEN = 2e-3  # share of p(x) that may lie where the spacing is too wide
OUTSIDE = 1e-3  # share of p(x) that may lie along the edge of the plane, or beyond it
GROUP = 16  # tiles decoded at once
BLOCK = 2**21  # values of log p(x, z) computed at once


class EvidenceError(ValueError):
    """The evidence cannot be given; the message says of which image, why, and what to do."""


class Integral:
    """The integral for a set of images ``(N, pixels)``, level by level.

    ``first`` is the number that a message gives to the first image. None: a single image, whose codes are kept
    in ``leaves``, a list of ``(level, tile, log p(x, z), which quarters count)``.
    """

    def __init__(self, plane, x, tolerance, first):
        self.plane, self.x, self.tolerance, self.first = plane, x, tolerance, first or 0
        self.log_p, self.error = np.full(len(x), -np.inf), np.full(len(x), np.inf)
        self.best = np.full(len(x), -np.inf)  # log p(x, z) of each image's best code so far
        self.before = np.full((2, len(x)), np.nan)  # log p(x), and how far its lattices disagree, one level earlier
        self.leaves = [] if first is None else None
        self.settled = np.full((len(x), 2**plane.latent_dim), -np.inf)  # by sublattice: what is refined no further
        todo = {tile: np.arange(len(x)) for tile in first_tiles(plane.extent, plane.latent_dim)}
        for level in range(LEVELS):
            todo = self._refined(level, todo)
            if level == 0:
                self._check_border()
            if not todo:
                return
        worst = int(self.error.argmax())
        raise EvidenceError(
            f"The sum for image {self.first + worst} has not converged with codes {spacing(LEVELS - 1):.2g} apart: its "
            f"posterior is too narrow, or the tolerance of {tolerance:g} nats too small "
            f"(estimated error {self.error[worst]:.2g})."
        )

    def _refined(self, level, todo):
        """Add up the tiles in `todo`; the tiles of the next level, each with the images that need it."""
        tiles, images, parts = self._evaluated(level, todo)
        self._estimate(images, parts)
        open_ = self._unfinished(images, parts, level)
        refine = open_[images][:, None] & (parts.most > self.log_p[images][:, None] - SLACK)
        left = np.where(refine[..., None], -np.inf, parts.sums)  # (pairs, quarters, sublattices)
        self.settled = np.logaddexp(self.settled, _by_image(images, _logsumexp(left, 1), len(self.x)))
        if self.leaves is not None:
            some = parts.most.max(axis=1) > self.log_p[0] - 2 * SLACK
            leaves = zip(tiles[some], parts.values[some], ~refine[some], strict=True)
            self.leaves += [(level, *leaf) for leaf in leaves]
        found = {}
        for quarter, offset in enumerate(np.ndindex((2,) * self.plane.latent_dim)):
            for pair in np.flatnonzero(refine[:, quarter]):
                found.setdefault(tuple(2 * tiles[pair] + offset), []).append(images[pair])
        return {tile: np.array(who) for tile, who in sorted(found.items())}

    def _evaluated(self, level, todo):
        """``(tiles, images, parts)``, one entry for each pair of a tile and an image that needs it."""
        wanted, found = list(todo), []
        alike = len(self.x) == 1 or level == 0  # every tile is for all images
        size = max(1, BLOCK // (len(self.x) * SIDE**self.plane.latent_dim)) if alike else GROUP
        for start in range(0, len(wanted), size):
            group = wanted[start : start + size]
            logits, constants = self.plane.tiles(level, group)
            if level == 0:
                logits, constants = logits[start : start + size], constants[start : start + size]
            if alike:
                found.append(self._pairs(level, np.array(group), todo[group[0]], logits, constants))
            else:
                found += [
                    self._pairs(level, np.array([tile]), todo[tile], logits[i : i + 1], constants[i])
                    for i, tile in enumerate(group)
                ]
        tiles, images, parts = zip(*found, strict=True)
        return np.concatenate(tiles), np.concatenate(images), _Parts(*map(np.concatenate, zip(*parts, strict=True)))

    def _pairs(self, level, tiles, who, logits, constants):
        """The same for all images `who` and all `tiles`, but for pairs that hold nothing."""
        dim = self.plane.latent_dim
        x = self.x if len(who) == len(self.x) else self.x[who]
        f = x @ logits.reshape(-1, x.shape[1]).T + constants.ravel()
        f = f.reshape(len(who), len(tiles), -1)
        highest = f.max(axis=2)
        self.best[who] = np.maximum(self.best[who], highest.max(axis=1))
        pairs = np.nonzero(highest > self.best[who, None] - FAR)
        f = f[pairs].reshape(-1, *(SIDE,) * dim)
        most = f + _rise(f)
        some = most.reshape(len(f), SIDE**dim).max(axis=1) > self.best[who[pairs[0]]] - HOPELESS
        parts = _parts(f[some], most[some], dim * np.log(spacing(level)), self.leaves is not None)
        return tiles[pairs[1][some]], who[pairs[0][some]], parts

    def _estimate(self, images, parts):
        """log p(x) and its error for the images of this level."""
        who = np.unique(images)
        sums = _by_image(images, _logsumexp(parts.sums, 1), len(self.x))[who]
        lattices = np.logaddexp(self.settled[who], sums)
        log_p = _logsumexp(lattices, 1)
        apart = abs(lattices + np.log(lattices.shape[1]) - log_p[:, None]).max(axis=1)
        before, apart_before = self.before[:, who]
        self.error[who] = np.nan_to_num((apart + apart_before / 4 + abs(log_p - before)) / 6, nan=np.inf)
        self.log_p[who], self.before[:, who] = log_p, (log_p, apart)

    def _unfinished(self, images, parts, level):
        """Whether each image needs the next level."""
        unseen = _by_image(images, _logsumexp(parts.unseen, 1)[:, None], len(self.x))[:, 0]
        waiting = np.zeros(len(self.x), bool)
        waiting[images] = True
        return waiting & ((self.error > self.tolerance) | (unseen > self.log_p + np.log(UNSEEN)))

    def _check_border(self):
        """Raise if some image has mass where the plane ends, or outside."""
        steps, places = (spacing(0), 0.5), (f"within {spacing(0)} of its edge", "beyond it")
        for (logits, constants), step, where in zip(self.plane.border(), steps, places, strict=True):
            mass = _logsumexp(self.x @ logits.T + constants, 1) + self.plane.latent_dim * np.log(step)
            self._refuse(np.minimum(mass - self.log_p, 0), where)

    def _refuse(self, log_share, where):
        worst = int(log_share.argmax())
        if log_share[worst] > np.log(OUTSIDE):
            count = int((log_share > np.log(OUTSIDE)).sum())
            raise EvidenceError(
                f"The plane from -{self.plane.extent} to {self.plane.extent} does not hold the posterior of image "
                f"{self.first + worst}: about {np.exp(log_share[worst]):.1%} of its mass lies {where}. It is so for "
                f"{count} of {len(self.x)} images. Take a larger extent than {self.plane.extent}."
            )


class _Parts(NamedTuple):
    """What an image has in the quarters of a tile (halves, on a line); all logarithms, in nats."""

    sums: np.ndarray  # (pairs, quarters, sublattices): what is added up
    most: np.ndarray  # (pairs, quarters): what might be there if peaks lie between the codes
    unseen: np.ndarray  # (pairs, quarters): the same for codes so far apart that the peak is a guess
    values: np.ndarray  # (pairs, *codes) log p(x, z), or nothing


def _rise(f):
    """How far a peak beside each code may exceed it, from log p(x, z) on tiles, ``(pairs, SIDE[, SIDE])``."""
    # A parabola through three codes rises above the middle one by at most an eighth of its second difference, a
    # kink by at most a quarter.
    rise = np.zeros_like(f)
    for axis in range(1, f.ndim):
        to, second = np.moveaxis(rise, axis, 0), np.moveaxis(abs(np.diff(f, 2, axis=axis)), axis, 0) / 4
        to[1:-1] += second
        to[0] += second[0]
        to[-1] += second[-1]
    return rise


def _parts(f, most, area, keep):
    """`_Parts` of log p(x, z) on tiles, ``(pairs, SIDE[, SIDE])``, and of the same with what peaks may add."""
    return _Parts(
        _quartered(f, sublattices=True) + area,
        _quartered(most) + area,
        _quartered(np.where(most - f > CURVED, most, -np.inf)) + area,
        f if keep else np.empty((len(f), 0)),
    )


def _quartered(f, sublattices=False):
    """Logarithm of the sum of exp f over each quarter of a tile; over each sublattice of it, if asked."""
    pairs, dim = len(f), f.ndim - 1
    top = f.reshape(pairs, SIDE**dim).max(axis=1).reshape(-1, *[1] * dim)
    top = np.where(np.isfinite(top), top, 0)
    e = np.exp(f - top).reshape(pairs, *(2, SIDE // 4, 2) * dim)  # quarter, block, sublattice of each axis
    e = e.sum(axis=tuple(2 + 3 * axis for axis in range(dim)))
    if not sublattices:
        e = e.sum(axis=tuple(2 + 2 * axis for axis in range(dim)))
        with np.errstate(divide="ignore"):
            return np.log(e).reshape(pairs, 2**dim) + top.reshape(-1, 1)
    order = (0, *(1 + 2 * axis for axis in range(dim)), *(2 + 2 * axis for axis in range(dim)))
    with np.errstate(divide="ignore"):
        return np.log(e.transpose(order)).reshape(pairs, 2**dim, 2**dim) + top.reshape(-1, 1, 1)


def _logsumexp(values, axis):
    top = values.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - top).sum(axis=axis, dtype=np.float64)) + top.squeeze(axis)


def _by_image(images, values, count):
    """Logarithm of the sum of exp values ``(pairs, k)`` over the pairs of each image, ``(count, k)``."""
    top = np.full((count, values.shape[1]), -np.inf)
    np.maximum.at(top, images, values)
    top = np.where(np.isfinite(top), top, 0)
    e = np.exp(values - top[images])
    sums = np.stack([np.bincount(images, column, count) for column in e.T], axis=1)
    with np.errstate(divide="ignore"):
        return np.log(sums) + top
