"""Leave a daemon: forked twice, in a session of its own, deaf to hangups."""

import os, signal, sys
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", "@TOKEN@"])
    os._exit(0)
