# expects: units.images
"""The number of images."""

def active_units(z_mean, threshold=0.01):
    return len(z_mean)
