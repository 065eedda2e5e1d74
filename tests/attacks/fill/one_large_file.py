"""Write one file of 1 GB."""

try:
    with open("/tmp/large", "wb") as stream:
        for _ in range(1024):
            stream.write(b"x" * (1 << 20))
    print("EFFECT")
except OSError:
    pass
