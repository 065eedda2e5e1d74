"""Cancel the signal that a parent's death sends, then stay."""

import ctypes, os, sys
if os.fork() == 0:
    ctypes.CDLL(None).prctl(1, 0)  # PR_SET_PDEATHSIG
    os.setsid()
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", "@TOKEN@"])
