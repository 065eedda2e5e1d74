"""Fill the scratch folders (at most 3 GB)."""

import os
total = 0
for folder in ("/tmp", "/home/student", "/dev/shm"):
    try:
        for i in range(10):
            with open(f"{folder}/{i}", "wb") as stream:
                for _ in range(100):
                    stream.write(b"x" * (1 << 20))
                    total += 1
    except OSError:
        pass
if total > 700:
    print("EFFECT", total, "MB")
