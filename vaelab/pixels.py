"""The one rule for images: pixel values are finite and lie in [0, 1]."""

import numpy as np
from numpy.typing import ArrayLike


def check_pixels(images: ArrayLike, name: str) -> np.ndarray:
    """`images` as an array, after a look at its values.

    Parameters
    ----------
    images : array
        Pixel values, of any shape but not empty.
    name : str
        What the caller's argument is called; the error says it.

    Raises
    ------
    ValueError
        If a value is NaN, infinite or outside [0, 1].
    """
    images = np.asarray(images)
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int(np.count_nonzero(~np.isfinite(images)))
        raise ValueError(
            f"{name} holds {bad} NaN or infinite values; expected numbers in [0, 1]. Look where they arise."
        )
    if low < 0 or high > 1:
        raise ValueError(
            f"{name} ranges from {low:.4g} to {high:.4g}; expected [0, 1], because a pixel is used as a probability. "
            "Divide pixels from 0 to 255 by 255, and do not standardise them."
        )
    return images
