"""Write to files that have no name any more (at most 1 GB)."""

import os
total, held = 0, []
try:
    for i in range(10):
        stream = open(f"/dev/shm/{i}", "wb")
        os.unlink(stream.name)
        held.append(stream)
        for _ in range(100):
            stream.write(b"x" * (1 << 20))
            total += 1
except OSError:
    pass
if total > 100:
    print("EFFECT", total, "MB")
del held
