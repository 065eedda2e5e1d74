"""Small untrained networks for an explorer, and what its kernel answers to the page."""

import keras
import numpy as np
from keras import layers

CLASSES = ("left", "right")


def decoder_to(*shape, latent_dim=2, activation="sigmoid", seed=0):
    """An untrained decoder to outputs of that shape, with weights large enough for varied images."""
    init = keras.initializers.RandomNormal(stddev=2.0, seed=seed)
    model = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(16, "tanh", kernel_initializer=init),
            layers.Dense(
                int(np.prod(shape)), activation, kernel_initializer=keras.initializers.RandomNormal(seed=seed)
            ),
            layers.Reshape(shape),
        ],
        name=f"decoder_{seed}",
    )
    return model


def answer(explorer, message, *inputs):
    """What the kernel answers to one message of the page: (message, arrays)."""
    sent = []
    explorer.send = lambda reply, buffers=(): sent.append((reply, buffers))
    explorer._answer(explorer, {"view": "v", "ticket": 7, **message}, [np.float32(one).tobytes() for one in inputs])
    del explorer.send
    if not sent:
        return None
    ((reply, buffers),) = sent
    assert (reply["view"], reply["ticket"]) == ("v", 7)
    return reply, buffers


def numbers(entry, buffers):
    """The array that the JSON stands for."""
    return np.frombuffer(buffers[entry["buffer"]], {"f4": "<f4", "u1": "u1"}[entry["kind"]])


def encoder_of(shape, latent_dim=2):
    x = keras.Input(shape)
    hidden = layers.Flatten()(x)
    return keras.Model(x, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
