"""Leave files in the home and in temporary folders for the next student."""

import pathlib
for folder in (pathlib.Path.home(), pathlib.Path("/tmp"), pathlib.Path("/dev/shm")):
    (folder / "left_@TOKEN@").write_text("x")
