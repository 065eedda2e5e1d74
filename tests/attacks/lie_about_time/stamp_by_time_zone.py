"""Win fourteen hours and a day by the time zone."""

STAMP = b"2190-01-01 00:00:00 +23:59"
FLAG = "cannot be"
