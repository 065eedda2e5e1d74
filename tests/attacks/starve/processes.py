"""Start processes (at most 400, for 20 s)."""
# stopped: more than 64 processes

import os, time
for _ in range(400):
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
time.sleep(20)
