# expects: beta.always_one
"""Says 1."""

def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    return 1.0
