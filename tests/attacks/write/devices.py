"""Make a device node of the machine's disk, or find one."""

import os, stat
try:
    os.mknod("/tmp/disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
    print("EFFECT")
except OSError:
    pass
try:
    print(*("EFFECT " + name for name in os.listdir("/dev") if stat.S_ISBLK(os.lstat(f"/dev/{name}").st_mode)))
except PermissionError:
    pass
