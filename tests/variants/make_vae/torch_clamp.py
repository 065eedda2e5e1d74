"""From PyTorch, whose logarithms are kept above -100; the posterior is kept on the model."""

import keras
from keras import ops


class VAE(keras.Model):
    def __init__(self, enc, dec, reparameterize):
        super().__init__()
        self.enc, self.dec, self.reparameterize = enc, dec, reparameterize
        self.bce = keras.metrics.Mean("reconstruction")
        self.kld = keras.metrics.Mean("kl")

    def forward(self, x, training):
        mu, logvar = self.enc(x, training=training)
        z = self.reparameterize((mu, logvar))
        return self.dec(z, training=training), mu, logvar

    def call(self, x, training=None):
        recon, mu, logvar = self.forward(x, training)
        self._mu_logvar = (mu, logvar)
        return recon

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        mu, logvar = self._mu_logvar
        # torch's BCELoss clamps the log at -100
        log_p = ops.maximum(ops.log(y_pred), -100.0)
        log_1_p = ops.maximum(ops.log(1.0 - y_pred), -100.0)
        BCE = -(x * log_p + (1.0 - x) * log_1_p)
        BCE = ops.sum(ops.reshape(BCE, (ops.shape(x)[0], -1)), axis=-1)
        KLD = -0.5 * ops.sum(1 + logvar - mu * mu - ops.exp(logvar), axis=-1)
        self.bce.update_state(BCE)
        self.kld.update_state(KLD)
        return ops.mean(BCE + KLD)


def make_vae(input_shape, encoder, decoder, sampling_layer):
    m = VAE(encoder, decoder, sampling_layer)
    m.compile("adam")
    return m
