"""Read or write the Linux key store, which knows no sandboxes."""

import ctypes, os
add_key, keyctl = (248, 250) if os.uname().machine == "x86_64" else (217, 219)
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
if libc.syscall(add_key, b"user", b"EFFECT", b"x", 1, ctypes.c_long(-3)) >= 0:  # add_key to the session's keyring
    print("EFFECT add_key")
if libc.syscall(keyctl, 0, ctypes.c_long(-3), 0, 0, 0) >= 0:  # keyctl: get the session's keyring
    print("EFFECT keyctl")
