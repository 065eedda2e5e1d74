"""Open settings of the running kernel for writing (none is written)."""

import glob
for name in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger",
             "/proc/sys/kernel/modprobe", "/proc/sys/fs/file-max"):
    try:
        open(name, "a").close()
        print("EFFECT", name)
    except OSError:
        pass
