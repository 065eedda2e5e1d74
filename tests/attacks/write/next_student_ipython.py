"""Leave an IPython startup file for the next student."""

import pathlib
folder = pathlib.Path.home() / ".ipython" / "profile_default" / "startup"
folder.mkdir(parents=True, exist_ok=True)
(folder / "00.py").write_text("print('EFFECT startup')")
