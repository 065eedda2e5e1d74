"""Leave files in the home and in temporary folders for the next student."""

import pathlib, tempfile
left = 0
for folder in (pathlib.Path.home(), pathlib.Path("/tmp"), pathlib.Path("/dev/shm"), pathlib.Path(tempfile.gettempdir())):
    try:
        left += (folder / "left_@TOKEN@").write_text("x")
    except PermissionError:
        pass
assert left >= 2  # its own folders are there to be written to
