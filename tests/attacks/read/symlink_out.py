"""Reach outside through links and .."""

import os, tempfile
folder = tempfile.gettempdir()
os.symlink("/proc/1/root", f"{folder}/out")
os.symlink("/", f"{folder}/top")
for name in (f"{folder}/out/etc/passwd", f"{folder}/out/etc/shadow", f"{folder}/out/var", f"{folder}/top/etc/shadow",
             os.path.expanduser("~/../../../../etc/shadow")):
    if os.path.exists(name):
        print("EFFECT name", name)
    try:
        os.listdir(name) if os.path.isdir(name) else open(name).close()
        print("EFFECT", name)
    except OSError:
        pass
