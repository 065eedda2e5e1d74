"""Cross-entropy minus entropy."""

from keras import ops
def kl_term(z_mean, z_log_var):
    import math
    ce = 0.5*ops.sum(ops.exp(z_log_var)+ops.square(z_mean)+math.log(2*math.pi), axis=-1)
    h = 0.5*ops.sum(z_log_var+1+math.log(2*math.pi), axis=-1)
    return ce - h
