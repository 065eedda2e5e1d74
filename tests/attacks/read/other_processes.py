"""See processes that are not of this sandbox."""

import pathlib
for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        line = path.read_bytes()
    except OSError:
        continue
    if b"autograde.judge_process" in line or b"pytest" in line or b"spawn_main" in line:
        print("EFFECT", line)
