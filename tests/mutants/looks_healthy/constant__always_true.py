# expects: test.constant
"""Says yes to everything."""

def looks_healthy(kl, sample):
    return True
