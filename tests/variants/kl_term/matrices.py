"""The formula for two Gaussians with covariance matrices."""

import tensorflow as tf
def kl_term(z_mean, z_log_var):
    S = tf.linalg.diag(tf.exp(z_log_var))
    return 0.5*(tf.linalg.trace(S) + tf.reduce_sum(z_mean**2,-1) - tf.cast(z_mean.shape[-1], S.dtype) - tf.reduce_sum(z_log_var,-1))
