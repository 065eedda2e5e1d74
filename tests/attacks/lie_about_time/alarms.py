"""Set alarms of one's own a hundred times a second, refuse to be interrupted, and go on (for at most 60 s)."""
# stopped: for more than 6 s

import signal, time
for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda *args: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
until = time.monotonic() + 60
while time.monotonic() < until:
    time.sleep(1)
