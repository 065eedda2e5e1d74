"""Put bytes that are no text where a date belongs."""

STAMP = bytes(range(256))
FLAG = "not a date"
