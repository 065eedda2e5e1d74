"""Import the judge."""

import importlib
for name in ("judge", "oracles", "catalogue", "kl_term", "recognise", "points"):
    try:
        importlib.import_module(f"vaelab.checks.{name}")
        print("EFFECT", name)
    except ImportError:
        pass
