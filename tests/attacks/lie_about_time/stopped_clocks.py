"""Stop every clock that Python has, then loop (for at most 60 s of processor time)."""
# stopped: for more than 6 s

import resource, time
time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
while resource.getrusage(resource.RUSAGE_SELF).ru_utime < 60:
    pass
