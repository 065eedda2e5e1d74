"""Take memory in one process (at most 2 GB)."""

held = []
for _ in range(20):
    held.append(bytearray(b"x" * (100 << 20)))
