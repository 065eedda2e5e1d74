"""Gain another user id or a capability."""

import os, pathlib
for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.setresuid(0, 0, 0)):
    try:
        change()
        print("EFFECT")
    except OSError:
        pass
for line in pathlib.Path("/proc/self/status").read_text().splitlines():
    if line.startswith(("CapEff", "CapPrm", "CapInh", "CapAmb")) and int(line.split()[1], 16):
        print("EFFECT", line)
