"""Open the memory of other processes and of the machine."""

for name in ("/proc/1/mem", "/proc/kcore", "/dev/mem", "/dev/kmem", "/proc/kmsg", "/proc/1/root/etc/passwd"):
    try:
        with open(name, "rb") as stream:
            stream.read(1)
        print("EFFECT", name)
    except OSError:
        pass
