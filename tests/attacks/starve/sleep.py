"""Sleep (for at most 60 s)."""
# stopped: ran for more than 12 s

import time
time.sleep(60)
