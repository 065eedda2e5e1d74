"""The learning rate of a training run."""

import vaelab.quiet  # noqa: F401, before Keras

import keras

#: The learning rate rises in this share of the steps.
WARM_UP = 0.1
#: The highest rate is so many times the one that the model was compiled with, but not above the second number.
RAISE, HIGHEST = 8, 0.01


class Rate:
    """Lets the learning rate of an optimiser rise, and then fall along half a cosine to zero.

    Large steps travel far; towards the end, steps become smaller than the noise of the gradient, which a constant
    rate never does. The same quality takes less than half the epochs (Smith and Topin, 2018; Loshchilov and
    Hutter, 2017; ``docs/training_speed.md`` has the numbers). A schedule of the model's own is left alone.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
    steps : int
        How many steps the training takes in all.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, steps: int):
        self.optimizer = optimizer
        own = float(optimizer.learning_rate)
        self.own: float | None = own
        try:
            optimizer.learning_rate = own
        except TypeError:  # the model was compiled with a schedule
            self.own = None
            return
        warm = int(WARM_UP * steps)
        self.schedule = keras.optimizers.schedules.CosineDecay(
            own,
            decay_steps=steps - warm,
            warmup_target=max(own, min(RAISE * own, HIGHEST)),
            warmup_steps=warm,
        )

    def set(self, step: int) -> None:
        """Set the rate for the steps from number `step` on."""
        if self.own is not None:
            self.optimizer.learning_rate = float(self.schedule(step))

    def restore(self) -> None:
        """Give the optimiser its own rate back, also after a training that was stopped or failed."""
        if self.own is not None:
            self.optimizer.learning_rate = self.own
