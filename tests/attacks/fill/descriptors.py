"""Open files (at most 20,000)."""

held = []
try:
    for _ in range(20_000):
        held.append(open("/dev/null"))
    print("EFFECT")
except OSError:
    pass
del held
