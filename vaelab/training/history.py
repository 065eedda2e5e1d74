"""What a training run reported."""

from dataclasses import dataclass, field


@dataclass
class History:
    """What a training run reported, a number an epoch; losses in nats per image.

    Attributes
    ----------
    epochs : list of int
        1, 2, ... : the epochs that were completed.
    loss, reconstruction, kl : list of float
        Means over the epoch's training batches.
    val_loss, val_reconstruction, val_kl : list of float
        The same on the test images, after the epoch; empty if there were none.
    seconds : list of float
        Wall-clock time of each epoch, testing included.
    """

    epochs: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    reconstruction: list[float] = field(default_factory=list)
    kl: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_reconstruction: list[float] = field(default_factory=list)
    val_kl: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
