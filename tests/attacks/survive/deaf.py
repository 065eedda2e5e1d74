"""Leave a process that hears no signal that can be refused."""

import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG)); time.sleep(60)", "@TOKEN@"])
