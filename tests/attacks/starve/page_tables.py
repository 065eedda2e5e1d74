"""Look at a page of zeros in every 2 MB of a huge mapping: the pages take nothing, their tables do (at most 1.2 GB)."""
# stopped: more than 700 MB of memory

import mmap, time
held = mmap.mmap(-1, 600 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
held.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, 600 << 30, 2 << 20):
    held[at]
time.sleep(20)
