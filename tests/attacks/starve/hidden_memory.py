"""Take shared memory without a file, and let go of its pages, so that no process has them (at most 1.2 GB)."""

import mmap, time
held = []
for i in range(24):
    held.append(mmap.mmap(-1, 50 << 20))
    held[-1].write(b"x" * (50 << 20))
    held[-1].madvise(mmap.MADV_DONTNEED)
time.sleep(20)
