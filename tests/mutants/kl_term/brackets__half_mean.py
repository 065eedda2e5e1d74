# expects: kl.brackets
"""The half stands before z_mean only."""

import tensorflow as tf
def kl_term(z_mean, z_log_var):
    return tf.reduce_sum(0.5*z_mean**2 + tf.exp(z_log_var) - z_log_var - 1, -1)
