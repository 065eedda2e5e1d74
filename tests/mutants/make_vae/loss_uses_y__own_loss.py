# expects: loss.uses_y
# trial: B
"""A function for the reconstruction is given to compile."""

import keras
from keras import ops


def reconstruction(y_true, y_pred):
    return ops.mean(ops.sum(ops.binary_crossentropy(y_true, y_pred), axis=-1))


def make_vae(input_shape, encoder, decoder, sampling_layer):
    x = keras.Input(input_shape)
    z_mean, z_log_var = encoder(x)
    vae = keras.Model(x, decoder(sampling_layer([z_mean, z_log_var])))
    vae.compile("adam", loss=reconstruction)
    return vae
