"""Put commands and formats where a date belongs."""

STAMP = b"$(touch /tmp/EFFECT_stamp) {0.__class__} %s%n; drop table student; --"
FLAG = "not a date"
