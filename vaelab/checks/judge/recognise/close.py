"""Whether two arrays hold the same numbers."""

import numpy as np
from numpy.typing import ArrayLike


def close(got: ArrayLike, expected: ArrayLike, rtol: float = 2e-4) -> bool:
    """Same shape and the same numbers, up to float32 rounding."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape or not np.isfinite(expected).all():
        return False
    return bool(np.allclose(got, expected, rtol=rtol, atol=rtol * max(1e-3, np.abs(expected).mean())))
