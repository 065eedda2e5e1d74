"""Write a file in each folder of the file system that is not scratch."""

import os
for folder in ("/", "/usr", "/usr/lib", "/etc", "/bin", "/opt", "/var", "/run", "/dev", "/proc", "/root", "/home", "/srv", "/work", "/mnt"):
    try:
        with open(os.path.join(folder, "EFFECT_@TOKEN@"), "w"):
            print("EFFECT", folder)
    except OSError:
        pass
