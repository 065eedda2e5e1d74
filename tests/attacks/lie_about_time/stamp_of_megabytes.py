"""Put five megabytes of digits where a date belongs."""

STAMP = b"2026-03-01 " + b"9" * 5_000_000
FLAG = "not a date"
