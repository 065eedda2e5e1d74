"""The networks that the notebooks show once and import afterwards.

Notebook 2 writes out the MLP encoder, the sampling layer and the MLP decoder,
notebook 3 the convolutional decoder. The convolutional encoder and the assembly of
a VAE are exercises and therefore not here.
"""

import vaelab.quiet  # noqa: F401, before Keras

import keras
from keras import layers, ops


def make_encoder(original_dim, intermediate_dim, latent_dim):
    """MLP encoder q(z|x): images to the parameters of a diagonal Gaussian.

    Parameters
    ----------
    original_dim : int
        Pixels in a flattened image, 784 for Fashion-MNIST.
    intermediate_dim : int
        Units in the hidden layer.
    latent_dim : int

    Returns
    -------
    keras.Model
        From ``(batch, original_dim)`` to ``[z_mean, z_log_var]``, each
        ``(batch, latent_dim)``.
    """
    x = keras.Input((original_dim,), name="x")
    hidden = layers.Dense(intermediate_dim, activation="relu", name="hidden")(x)
    z_mean = layers.Dense(latent_dim, name="z_mean")(hidden)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(hidden)
    return keras.Model(x, [z_mean, z_log_var], name="mlp_encoder")


@keras.saving.register_keras_serializable("vaelab")
class Sampling(layers.Layer):
    """Draw z from N(z_mean, diag exp z_log_var) by the reparameterisation trick.

    Called with ``[z_mean, z_log_var]``, each ``(batch, latent_dim)``; returns z of
    the same shape, differentiable in both. A new draw at every call
    (Kingma and Welling, 2014, section 2.4).

    Parameters
    ----------
    seed : int, optional
        Makes the sequence of draws reproducible.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        # State that advances: with an integer seed in its place every call would
        # draw the same noise.
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def make_decoder(latent_dim, intermediate_dim, original_dim):
    """MLP decoder p(x|z): latent vectors to pixel probabilities.

    Returns
    -------
    keras.Model
        From ``(batch, latent_dim)`` to ``(batch, original_dim)``, in (0, 1).
    """
    z = keras.Input((latent_dim,), name="z")
    hidden = layers.Dense(intermediate_dim, activation="relu", name="hidden")(z)
    x_decoded = layers.Dense(original_dim, activation="sigmoid", name="x_decoded")(hidden)
    return keras.Model(z, x_decoded, name="mlp_decoder")


def make_conv_decoder(latent_dim, intermediate_dim, spatial_size=7, filters=32):
    """Convolutional decoder p(x|z): latent vectors to square images of pixel probabilities.

    A dense layer makes a small image of many channels; transposed convolutions
    enlarge it fourfold.

    Parameters
    ----------
    latent_dim, intermediate_dim : int
    spatial_size : int
        Height and width of the small image; the output is four times as large.
    filters : int
        Channels of the feature maps.

    Returns
    -------
    keras.Model
        From ``(batch, latent_dim)`` to ``(batch, 4 * spatial_size, 4 * spatial_size, 1)``,
        in (0, 1).
    """

    def normalise(x):
        # Keras's default momentum of 0.99 averages over hundreds of steps: in a short
        # training the statistics used for inference would lag far behind the weights.
        return layers.BatchNormalization(momentum=0.9)(x)

    def upsample(x, strides, padding):
        x = layers.Conv2DTranspose(filters, 3, strides=strides, padding=padding, activation="relu")(x)
        return normalise(x)

    z = keras.Input((latent_dim,), name="z")
    x = layers.Dense(intermediate_dim, activation="relu")(z)
    x = layers.Dense(filters * spatial_size**2, activation="relu")(x)
    x = layers.Reshape((spatial_size, spatial_size, filters))(x)
    x = upsample(x, strides=2, padding="same")  # 7 -> 14
    x = upsample(x, strides=1, padding="same")  # 14
    x = upsample(x, strides=2, padding="valid")  # 14 -> 29
    x_decoded = layers.Conv2D(1, 2, padding="valid", activation="sigmoid")(x)  # 29 -> 28
    return keras.Model(z, x_decoded, name="conv_decoder")
