"""Set the machine's clock back."""

import time
try:
    time.clock_settime(time.CLOCK_REALTIME, time.time())
    print("EFFECT")
except OSError:
    pass
