"""Trace the first process and the parent, and read their memory by system calls."""

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in {1, os.getppid()} - {os.getpid(), 0}:
    if libc.ptrace(16, pid, None, None) == 0:  # PTRACE_ATTACH
        libc.ptrace(17, pid, None, None)
        print("EFFECT trace", pid)
    for name in ("mem", "maps", "environ", "fd", "cwd", "root", "exe", "stack"):
        path = f"/proc/{pid}/{name}"
        try:
            seen = (os.listdir(path) if name == "fd" else os.readlink(path) if name in ("cwd", "root", "exe")
                    else open(path, "rb").read(1))
            if seen:  # not merely an open file without content
                print("EFFECT", path, seen)
        except OSError:
            pass
