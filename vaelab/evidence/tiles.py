"""The lattice: tiles of SIDE codes along each side, whose spacing halves from level to level."""

SIDE = 8
LEVELS = 9  # spacings from 1/8 to 1/2048


def spacing(level: int) -> float:
    """Distance between neighbouring codes of a level."""
    return 1 / (SIDE * 2**level)
