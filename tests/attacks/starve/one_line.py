"""Print one line of 120 MB."""
# stopped: displayed more at once
# kernel MB: 1500

print("x" * (120 << 20))
