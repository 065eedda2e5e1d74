"""Sleep (for at most 60 s)."""

import time
time.sleep(60)
