"""Take memory in files that have no name and are mapped nowhere (at most 2 GB)."""

import os, time
held = [os.memfd_create(str(i)) for i in range(20)]
for descriptor in held:
    for _ in range(100):
        os.write(descriptor, b"x" * (1 << 20))
time.sleep(20)
