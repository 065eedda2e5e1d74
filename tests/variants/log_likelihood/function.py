import tensorflow as tf


def log_likelihood(log_w):
    @tf.function
    def estimate(w):
        return tf.reduce_logsumexp(w - tf.math.log(tf.cast(tf.shape(w)[0], w.dtype)), axis=0)

    return estimate(log_w)
