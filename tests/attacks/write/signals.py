"""Reach a process outside by a signal (0: none is sent)."""

import os
try:
    own = {int(name) for name in os.listdir("/proc") if name.isdigit()}
except PermissionError:
    own = {os.getpid()}
for pid in range(1, 40_000):
    if pid not in own:
        try:
            os.kill(pid, 0)
            # Where others can be seen, nobody but one's own threads may be reached; elsewhere, nobody who is not seen.
            if not os.path.exists(f"/proc/self/task/{pid}" if len(own) == 1 else f"/proc/{pid}"):
                print("EFFECT", pid)
        except OSError:
            pass
