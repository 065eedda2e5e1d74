"""One grid of equal spacing from what was added up at several spacings, to look at."""

import numpy as np

from vaelab.evidence.tiles import SIDE, spacing


def regrid(leaves, extent, log_p):
    """``(axes, density)`` on one grid of what was added up at several spacings."""
    dim = leaves[0][2].ndim
    cells = [(level, *_cells(level, tile, f, counted, log_p)) for level, tile, f, counted in leaves]
    cells = [(level, index[mass > 1e-10], mass[mass > 1e-10]) for level, index, mass in cells]
    cells = [(level, index, mass) for level, index, mass in cells if len(mass)]
    low = np.min([index.min(axis=0) * spacing(level) for level, index, _ in cells], axis=0)
    high = np.max([(index.max(axis=0) + 1) * spacing(level) for level, index, _ in cells], axis=0)
    finest = max(level for level, *_ in cells)
    while finest and (high - low).max() / spacing(finest) > 1024:
        finest -= 1
    h = spacing(finest)
    start, stop = np.floor(low / h + 1e-9).astype(int), np.ceil(high / h - 1e-9).astype(int)
    density = np.zeros(stop - start)
    for level, index, mass in cells:
        times = max(1, round(spacing(level) / h))
        for offset in np.ndindex((times,) * dim):
            at = index * times + offset if spacing(level) >= h else np.floor(index * spacing(level) / h).astype(int)
            np.add.at(density, tuple((at - start).T), mass / times**dim)
    axes = tuple((np.arange(a, b) + 0.5) * h - extent for a, b in zip(start, stop, strict=True))
    return axes, density / (density.sum() * h**dim)


def _cells(level, tile, f, counted, log_p):
    """``(index, mass)`` of the codes of a tile whose quarters count, as shares of p(x)."""
    dim = f.ndim
    counts = counted.reshape((2,) * dim)
    for axis in range(dim):
        counts = counts.repeat(SIDE // 2, axis)
    index = np.indices(f.shape).reshape(dim, -1).T + SIDE * np.array(tile)
    mass = np.exp(f.astype(np.float64) - log_p) * spacing(level) ** dim
    return index[counts.ravel()], mass.ravel()[counts.ravel()]
