"""Read the grader's environment: here, in other processes, in the first process."""

import os, pathlib
texts = [repr(dict(os.environ)).encode()]
for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        texts.append(path.read_bytes())
    except OSError:
        pass
if any(b"@SECRET@" in text for text in texts):
    print("EFFECT")
