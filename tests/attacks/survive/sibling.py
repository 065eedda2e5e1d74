"""Leave a process that is not a child but a sibling."""

import ctypes, os, sys
libc = ctypes.CDLL(None)
if libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x8000 | 17, 0, 0, 0, 0) == 0:  # clone with CLONE_PARENT
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", "@TOKEN@"])
