"""The codes of a decoder, decoded where they are needed, and what is asked of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaelab import metrics
from vaelab.evidence.integral import EvidenceError, Integral
from vaelab.evidence.regrid import regrid
from vaelab.evidence.tiles import SIDE, first_tiles, spacing

CHUNK = 2000  # images handled at once
KEPT = 300  # tiles of the finer levels that stay decoded, 200 kB each for 784 pixels


class Evidence(NamedTuple):
    """Exact evidence of a set of images; both arrays are ``(N,)``, float64, in nats."""

    log_p: np.ndarray
    error: np.ndarray  # estimated error of log_p


class GridPosterior(NamedTuple):
    """The true posterior p(z|x) of one image on a grid of equal spacing.

    Attributes
    ----------
    axes : tuple of numpy.ndarray
        Coordinates of the codes along each latent dimension.
    density : numpy.ndarray
        p(z|x) with one array axis for each latent dimension: ``density[i, j]`` belongs to the code
        ``(axes[0][i], axes[1][j])``. The sum times the area of a cell is 1.
    log_p, error : float
        log p(x) of the image and its estimated error, in nats.
    """

    axes: tuple[np.ndarray, ...]
    density: np.ndarray
    log_p: float
    error: float


class Plane:
    """All codes of a decoder with one or two latent dimensions, to integrate over.

    Codes are decoded with the weights that the decoder has when they are first needed, and many are kept: make a
    new `Plane` after more training.

    Parameters
    ----------
    decoder : keras.Model
        ``(batch, latent_dim)`` to pixel probabilities ``(batch, ...)``, latent_dim 1 or 2.
    extent : int
        Half the side of the plane: codes from -extent to extent in each dimension.

    Raises
    ------
    EvidenceError
        If latent_dim is neither 1 nor 2, or extent no whole number from 1 to 20.
    """

    def __init__(self, decoder: Callable, extent: int = 7) -> None:
        shape = getattr(decoder, "input_shape", None)
        if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] not in (1, 2):
            raise EvidenceError(
                f"The decoder takes codes of shape {shape}; the evidence can be added up for (None, 1) and (None, 2). "
                "With more latent dimensions, estimate it by importance sampling."
            )
        if extent != int(extent) or not 1 <= extent <= 20:
            raise EvidenceError(f"extent is {extent}; expected a whole number from 1 to 20.")
        self.decoder, self.latent_dim, self.extent = decoder, shape[1], int(extent)
        self._first: tuple[np.ndarray, np.ndarray] | None = None  # all tiles of level 0
        self._finer = {}  # by level and tile
        self._border: tuple | None = None

    def log_evidence(self, x: ArrayLike, tolerance: float = 0.01) -> Evidence:
        """log p(x) of each image, with an estimate of its error.

        Parameters
        ----------
        x : array_like, (N, ...)
            Images in [0, 1] with as many pixels as the decoder makes.
        tolerance : float
            How large the estimated error of an image may be, in nats.

        Returns
        -------
        Evidence

        Raises
        ------
        EvidenceError
            If the plane does not hold the posterior of some image, or a posterior is too narrow for the finest
            spacing, or the images do not fit the decoder.
        """
        rows = self._images(x)
        chunks = [Integral(self, rows[i : i + CHUNK], tolerance, first=i) for i in range(0, len(rows), CHUNK)]
        return Evidence(np.concatenate([c.log_p for c in chunks]), np.concatenate([c.error for c in chunks]))

    def posterior(self, x: ArrayLike, tolerance: float = 0.01) -> GridPosterior:
        """The true posterior of one image.

        Parameters
        ----------
        x : array_like
            One image, of any shape with as many pixels as the decoder makes.
        tolerance : float
            As for `log_evidence`.

        Returns
        -------
        GridPosterior
            On the smallest box that holds all of it but about 1e-6.

        Raises
        ------
        EvidenceError
            As for `log_evidence`.
        """
        done = Integral(self, self._images(np.asarray(x)[None]), tolerance, first=None)
        log_p = float(done.log_p[0])
        axes, density = regrid(done.leaves, self.extent, log_p)
        return GridPosterior(axes, density, log_p, float(done.error[0]))

    def tiles(self, level: int, wanted: Sequence[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
        """Decode tiles of a level, each a tuple of latent_dim indices; of level 0 always all, in order.

        Returns
        -------
        logits : numpy.ndarray, (n, codes, pixels), float32
        constants : numpy.ndarray, (n, codes), float32
            log p(x, z) is ``logits @ x + constants`` for an image of ``pixels`` numbers.
        """
        if level == 0:
            if self._first is None:
                self._first = self._decode_tiles(0, first_tiles(self.extent, self.latent_dim))
            return self._first
        missing = [tile for tile in wanted if (level, tile) not in self._finer]
        for tile, *decoded in zip(missing, *self._decode_tiles(level, missing), strict=True) if missing else ():
            self._finer[level, tile] = decoded
        found = [self._finer[level, tile] for tile in wanted]
        for key in list(self._finer)[:-KEPT]:
            del self._finer[key]
        logits, constants = zip(*found, strict=True)
        return np.stack(logits), np.stack(constants)

    def _decode_tiles(self, level, tiles):
        steps = np.indices((SIDE,) * self.latent_dim).reshape(self.latent_dim, -1).T
        return self._decode((SIDE * np.array(tiles)[:, None] + steps + 0.5) * spacing(level) - self.extent)

    def border(self) -> tuple:
        """Logits and constants, twice: of the outermost codes of level 0, and of codes 0.5 apart outside the plane."""
        if self._border is None:
            rim = self._around(spacing(0), self.extent, self.extent - spacing(0))
            self._border = rim, self._around(0.5, 2 * self.extent, self.extent)
        return self._border

    def _around(self, step, high, low):
        """Codes of this spacing whose largest coordinate is between `low` and `high`, decoded."""
        line = np.arange(-high, high, step) + step / 2
        z = np.stack(np.meshgrid(*[line] * self.latent_dim), -1).reshape(1, -1, self.latent_dim)
        return [part[0] for part in self._decode(z[:, abs(z[0]).max(axis=-1) > low])]

    def _decode(self, z):
        """Logits and constants of codes ``(n, codes, latent_dim)``."""
        p = metrics.decode(self.decoder, z.reshape(-1, self.latent_dim)).reshape(*z.shape[:2], -1)
        p = np.clip(p.astype(np.float64), metrics.EPSILON, 1 - metrics.EPSILON)
        log_black = np.log1p(-p)
        log_prior = -0.5 * (np.square(z).sum(axis=-1) + self.latent_dim * np.log(2 * np.pi))
        return (np.log(p) - log_black).astype(np.float32), (log_black.sum(axis=-1) + log_prior).astype(np.float32)

    def _images(self, x):
        x = np.asarray(x, np.float32)
        if x.ndim < 2 or x.size == 0:
            raise EvidenceError(f"The images have shape {x.shape}; expected a batch of images, the image index first.")
        x, pixels = x.reshape(len(x), -1), self.tiles(0, [])[0].shape[-1]
        if x.shape[1] != pixels:
            raise EvidenceError(f"An image has {x.shape[1]} pixels; the decoder makes {pixels}.")
        if not (x.min() >= 0 and x.max() <= 1):  # so written, NaN fails too
            raise EvidenceError(f"Pixels range from {x.min():.4g} to {x.max():.4g}; expected [0, 1].")
        return x
