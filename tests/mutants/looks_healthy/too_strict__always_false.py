# expects: test.too_strict
"""Says no to everything."""

def looks_healthy(kl, sample):
    return False
