"""Print what grows threefold when it is written as JSON, by turns on two streams (at most 40 MB)."""
# stopped: more than 20 MB

import sys
for _ in range(500):
    for stream in (sys.stdout, sys.stderr):
        print("\u00e9" * 20_000, file=stream, flush=True)
