"""The length of a list."""

def active_units(z_mean, threshold=0.01):
    return len([v for v in z_mean.var(0) if v > threshold])
