# expects:
"""Values right, the variance part sends no gradient."""
from keras import ops
def kl_term(z_mean, z_log_var):
    var = ops.stop_gradient(ops.exp(z_log_var))
    return 0.5 * ops.sum(z_mean**2 + var - z_log_var - 1, axis=-1)
