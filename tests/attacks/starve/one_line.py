"""Print one line of 120 MB."""

print("x" * (120 << 20))
