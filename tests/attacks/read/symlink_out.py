"""Reach outside through links and .."""

import os
os.symlink("/proc/1/root", "/tmp/out")
for name in ("/tmp/out/etc/passwd", "/tmp/out/etc/shadow", "/tmp/out/var", "/home/student/../../../../etc/shadow"):
    if os.path.exists(name):
        print("EFFECT", name)
