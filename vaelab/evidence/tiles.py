"""The lattice: tiles of SIDE codes along each side, whose spacing halves from level to level."""

import numpy as np

SIDE = 8
LEVELS = 9  # spacings from 1/8 to 1/2048


def spacing(level: int) -> float:
    """Distance between neighbouring codes of a level."""
    return 1 / (SIDE * 2**level)


def first_tiles(extent: int, latent_dim: int) -> list[tuple[int, ...]]:
    """All tiles of level 0, those in the middle of the plane first."""
    tiles = np.ndindex((2 * extent,) * latent_dim)
    return sorted(tiles, key=lambda tile: sum((2 * i + 1 - 2 * extent) ** 2 for i in tile))
