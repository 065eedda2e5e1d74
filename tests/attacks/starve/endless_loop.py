"""Loop, deaf to interrupts (for at most 60 s)."""
# stopped: ran for more than 12 s

import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
until = time.time() + 60
while time.time() < until:
    try:
        while time.time() < until:
            pass
    except BaseException:
        pass
