"""Start threads (at most 5,000, for 20 s)."""

import threading, time
try:
    for _ in range(5_000):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
except RuntimeError:
    print("refused")
