"""Write through the links of /proc to what is mounted read-only, or change how one is seen."""

import glob, os
for path in ("/proc/self/root/usr/EFFECT", "/proc/thread-self/root/etc/EFFECT", "/proc/1/root/usr/EFFECT", "/proc/self/cwd/../../usr/EFFECT",
             "/proc/1/oom_score_adj", "/proc/1/uid_map", "/proc/self/uid_map", "/proc/1/setgroups", *glob.glob("/sys/fs/cgroup/*")):
    try:
        descriptor = os.open(path, os.O_WRONLY | (os.O_CREAT if "EFFECT" in path else 0))
        os.close(descriptor)
        if "uid_map" not in path:  # opening one's own is allowed, writing it again is not
            print("EFFECT", path)
    except OSError:
        pass
