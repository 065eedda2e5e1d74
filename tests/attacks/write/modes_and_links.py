"""Change the mode, owner, times or name of files that are not one's own, and link to them."""

import os, sys, tempfile, vaelab
for path in (os.path.realpath(sys.executable), vaelab.__file__, "/usr/bin/env", "/usr"):
    for change in (lambda: os.chmod(path, 0o777), lambda: os.chown(path, 1000, 1000), lambda: os.utime(path, (0, 0)),
                   lambda: os.setxattr(path, "user.x", b"x"), lambda: os.rename(path, path + "_EFFECT"),
                   lambda: os.link(path, f"{tempfile.gettempdir()}/linked")):
        before = os.stat(path)
        try:
            change()
            if (now := os.stat(path)) != before or os.path.exists(f"{tempfile.gettempdir()}/linked"):
                print("EFFECT", path, before, now)
        except OSError:
            pass
