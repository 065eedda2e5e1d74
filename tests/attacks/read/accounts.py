"""Read the accounts of the machine and the homes on it."""

import os
for name in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/ssh", "/root/.ssh", "/root/.bash_history", "/var/log", "/var/mail"):
    try:
        os.listdir(name) if os.path.isdir(name) else open(name).close()
        print("EFFECT", name)
    except OSError:
        if os.path.exists(name):
            print("EFFECT name", name)
try:
    print(*("EFFECT " + h for h in os.listdir("/home") if h != "student"))
except PermissionError:
    pass
