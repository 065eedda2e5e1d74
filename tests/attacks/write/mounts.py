"""Mount something, or gain the right to."""

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000) == 0:  # CLONE_NEWUSER
    print("EFFECT new user namespace")
if libc.mount(b"tmpfs", b"/usr", b"tmpfs", 0, None) == 0:
    print("EFFECT mount")
if libc.mount(None, b"/", None, 32 | 4096, None) == 0:  # MS_REMOUNT | MS_BIND, writable
    print("EFFECT remount")
if libc.umount2(b"/proc", 2) == 0:
    print("EFFECT umount")
if libc.chroot(b"/tmp") == 0:
    print("EFFECT chroot")
