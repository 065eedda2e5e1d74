"""How much work a notebook does: ``quick``, ``full`` or ``grading``.

One environment variable, ``VAELAB_PROFILE``, chooses; a grader chooses for itself
(nbgrader sets ``NBGRADER_EXECUTION`` when it runs a notebook).
"""

import os
from dataclasses import dataclass

VARIABLE = "VAELAB_PROFILE"


@dataclass(frozen=True)
class Profile:
    """What a notebook may spend.

    Attributes
    ----------
    name : str
    full_data : bool
        70,000 images where a copy can be had, instead of the embedded sample.
    mlp_epochs, conv_epochs : int
        Epochs of the MLP and of the convolutional VAE. 0 means: train nothing.
    """

    name: str
    full_data: bool
    mlp_epochs: int
    conv_epochs: int

    @property
    def trains(self) -> bool:
        """Whether notebooks train at all. A grader grades functions, never training luck."""
        return self.mlp_epochs > 0

    def __str__(self) -> str:
        if not self.trains:
            return f"{self.name}: nothing is trained, the functions are checked"
        images = "all 70,000 images" if self.full_data else "the embedded sample of 12,000 images"
        return (
            f"{self.name}: {images}, {self.mlp_epochs} epochs for the MLP VAE, "
            f"{self.conv_epochs} for the convolutional one"
        )


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", full_data=False, mlp_epochs=15, conv_epochs=3),
        # The settings of the lab that this course grew from.
        Profile("full", full_data=True, mlp_epochs=50, conv_epochs=15),
        Profile("grading", full_data=False, mlp_epochs=0, conv_epochs=0),
    )
}


def current() -> Profile:
    """The profile in force: ``grading`` under nbgrader, else what ``VAELAB_PROFILE`` says.

    Raises
    ------
    ValueError
        If ``VAELAB_PROFILE`` names no profile.
    """
    if os.environ.get("NBGRADER_EXECUTION"):
        return PROFILES["grading"]
    name = os.environ.get(VARIABLE, "").strip().lower() or "quick"
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(
            f"{VARIABLE}={name!r} names no profile; expected one of {', '.join(PROFILES)}. "
            f"Unset it (quick is the default) or set it before Jupyter starts, "
            f"for example: {VARIABLE}=full make lab"
        ) from None
