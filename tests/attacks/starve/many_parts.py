"""Send one message of large parts, which is nowhere counted before it is complete (at most 38 of 90 MB, all of them the same)."""
# stopped: sent more at once
# kernel MB: 1500
# judge MB: 2000

import threading
io, sent, part = get_ipython().kernel.iopub_thread, threading.Event(), b"x" * (90 << 20)
def send():
    try:
        for _ in range(38):
            io.socket.send(part, 2, copy=False)  # 2: there is more to come
        io.socket.send(b"")
    finally:
        sent.set()
io.schedule(send)
sent.wait(20)
