"""Find System V and POSIX objects that other sandboxes left."""

import os, pathlib
for name in ("shm", "msg", "sem"):
    try:
        lines = pathlib.Path(f"/proc/sysvipc/{name}").read_text().splitlines()[1:]
        print(*("EFFECT " + line for line in lines))
    except PermissionError:
        pass
try:
    print(*("EFFECT " + name for name in os.listdir("/dev/shm") if "student" not in name and not name.startswith("sem.")))
except PermissionError:
    pass
