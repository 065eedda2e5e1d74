"""Leave a usercustomize module and a .pth for the next Python."""

import os, pathlib, site
folder = pathlib.Path(site.getusersitepackages())
for folder in (folder, pathlib.Path(os.path.expanduser("~"), *folder.parts[-4:])):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "usercustomize.py").write_text("print('EFFECT usercustomize')")
        (folder / "x.pth").write_text("import sys; sys.stdout.write('EFFECT pth')")
    except PermissionError:
        pass
