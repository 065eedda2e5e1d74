"""Find the machine's own sockets: docker, D-Bus, X11, systemd, databases."""

import os, pathlib, stat
for folder in ("/run", "/var/run", "/tmp", "/tmp/.X11-unix", "/run/user", "/var/lib", "/run/postgresql"):
    for path in pathlib.Path(folder).glob("*"):
        try:
            if stat.S_ISSOCK(path.lstat().st_mode):
                print("EFFECT", path)
        except OSError:
            pass
try:
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        if "@" in line:
            print("EFFECT", line)
except PermissionError:
    pass
