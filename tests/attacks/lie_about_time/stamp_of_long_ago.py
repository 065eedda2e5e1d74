"""Date the submission to before the course, or Python, existed."""

STAMP = b"1970-01-01 00:00:00 UTC"
FLAG = "cannot be"
