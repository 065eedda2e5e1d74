"""Date the submission in the future."""

STAMP = b"2190-01-01 00:00:00.000000 UTC"
FLAG = "cannot be"
