import tensorflow as tf


def log_likelihood(log_w):
    log_w = tf.convert_to_tensor(log_w)
    running = tf.scan(lambda total, row: tf.maximum(total, row) + tf.math.log1p(tf.exp(-tf.abs(total - row))), log_w)
    return running[-1] - tf.math.log(float(log_w.shape[0]))
