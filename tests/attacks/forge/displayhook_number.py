"""Display 1000000 as the cell's result."""

def kl_term(z_mean, z_log_var):
    get_ipython().displayhook(1_000_000)
    return None
