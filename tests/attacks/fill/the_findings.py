"""Fill what the judge writes: print, by turns on two streams, what takes six bytes there (23 MB, which become 70).

It comes last by its name, since nothing that is printed after it is kept.
"""

import sys
for _ in range(150):
    for stream in (sys.stdout, sys.stderr):
        print("\u00e9" * 39_000, file=stream, flush=True)
