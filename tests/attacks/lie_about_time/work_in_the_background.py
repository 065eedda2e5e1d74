"""Answer at once and work on in a thread (for at most 60 s)."""

import threading, time

def work():
    until = time.monotonic() + 60
    while time.monotonic() < until:
        sum(range(1000))

threading.Thread(target=work).start()
