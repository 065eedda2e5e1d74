"""Two processes that start each other again."""

import os, sys, time
if os.fork() == 0:
    os.setsid()
    until = time.time() + 60
    while time.time() < until:
        pid = os.fork()
        if pid == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(2)", "@TOKEN@"])
        os.waitpid(pid, 0)
    os._exit(0)
