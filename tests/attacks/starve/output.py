"""Print (at most 200 MB), each line sent at once: left to pile up, they meet the limit on memory first."""
# stopped: more than 20 MB

for _ in range(200):
    print("x" * (1 << 20), flush=True)
