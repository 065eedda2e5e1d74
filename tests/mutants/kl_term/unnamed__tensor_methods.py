# expects:
"""Methods of another library's tensors."""

def kl_term(z_mean, z_log_var):
    return 0.5 * (z_log_var.exp() + z_mean.pow(2) - 1 - z_log_var).sum(-1)
