"""The array's own methods."""

def active_units(z_mean, threshold=0.01):
    return (z_mean.var(axis=0) > threshold).sum()
