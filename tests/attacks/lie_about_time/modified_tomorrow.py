"""Date the file itself into the future and keep no timestamp."""

MODIFIED = 4_102_444_800  # 2100
STAMP = None
FLAG = None
