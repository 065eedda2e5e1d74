"""Hand in the KL term of the model that notebook 5 calls right."""

from vaelab.checks.student import specimens


def kl_term(z_mean, z_log_var):
    return specimens.load()["D"].kl(z_mean, z_log_var)
