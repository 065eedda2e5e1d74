"""Send one message of empty parts (at most a million): nothing to read, but memory for each."""
# stopped: more than 20 MB

import threading
io, sent = get_ipython().kernel.iopub_thread, threading.Event()
def send():
    try:
        for _ in range(1_000_000):
            io.socket.send(b"", 2)  # 2: there is more to come
        io.socket.send(b"")
    finally:
        sent.set()
io.schedule(send)
sent.wait(10)
