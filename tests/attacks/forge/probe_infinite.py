"""Answer each probe with infinities."""

def kl_term(z_mean, z_log_var):
    return z_mean[:, 0] * 0 + float("inf")
