# expects: anomaly.ink, anomaly.misses
"""Keras's binary cross-entropy."""

import keras


def anomaly_score(x, encoder, decoder):
    return keras.losses.binary_crossentropy(x, decoder(encoder(x)[0]))
