"""Reach a process outside by a signal (0: none is sent)."""

import os
own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
for pid in range(1, 40_000):
    if pid not in own:
        try:
            os.kill(pid, 0)
            if not os.path.exists(f"/proc/{pid}"):
                print("EFFECT", pid)
        except OSError:
            pass
