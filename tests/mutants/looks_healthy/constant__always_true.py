# expects: test.constant, test.misses
"""Says yes to everything."""

def looks_healthy(kl, sample):
    return True
