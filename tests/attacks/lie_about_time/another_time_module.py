"""Put another time module in the place of Python's, which sleeps for nothing and runs backwards."""
# stopped: for more than 6 s

import sys, types

now = [1e9]

def backwards():
    now[0] -= 1000.0
    return now[0]

fake = types.ModuleType("time")
fake.time = fake.monotonic = fake.perf_counter = fake.process_time = backwards
fake.time_ns = fake.monotonic_ns = fake.perf_counter_ns = lambda: int(backwards() * 1e9)
fake.sleep = lambda seconds: None
real = sys.modules["time"]
sys.modules["time"] = fake
until = real.monotonic() + 60
while real.monotonic() < until:
    real.sleep(1)
