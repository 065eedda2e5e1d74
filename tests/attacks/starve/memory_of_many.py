"""Take memory in many processes, each below the limit (at most 2 GB)."""
# stopped: more than 700 MB of memory

import os, time
for _ in range(10):
    if os.fork() == 0:
        held = bytearray(b"x" * (200 << 20))
        time.sleep(30)
        os._exit(0)
time.sleep(30)
