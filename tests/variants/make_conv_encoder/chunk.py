"""As in PyTorch: one linear layer of twice the size, split in two."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    """As in PyTorch: one linear layer of twice the size, then torch.chunk."""
    backbone = keras.Sequential(name="backbone")
    backbone.add(keras.Input((img_rows, img_cols, img_chns)))
    for c_out in [32, 64, 128]:
        backbone.add(layers.Conv2D(c_out, kernel_size=4, strides=2, padding="same", use_bias=False))
        backbone.add(layers.BatchNormalization(axis=-1, momentum=0.9, epsilon=1e-5))
        backbone.add(layers.LeakyReLU(negative_slope=0.2))
    backbone.add(layers.Flatten())
    backbone.add(layers.Dense(intermediate_dim))
    backbone.add(layers.LeakyReLU(negative_slope=0.2))
    x = keras.Input((img_rows, img_cols, img_chns))
    both = layers.Dense(2 * latent_dim, name="parameters")(backbone(x))
    mu, log_var = ops.split(both, 2, axis=-1)
    return keras.Model(x, [mu, log_var])
