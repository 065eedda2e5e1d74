# expects: units.all
"""Every dimension."""

def active_units(z_mean, threshold=0.01):
    return z_mean.shape[1]
