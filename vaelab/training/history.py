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

    epochs: list = field(default_factory=list)
    loss: list = field(default_factory=list)
    reconstruction: list = field(default_factory=list)
    kl: list = field(default_factory=list)
    val_loss: list = field(default_factory=list)
    val_reconstruction: list = field(default_factory=list)
    val_kl: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
