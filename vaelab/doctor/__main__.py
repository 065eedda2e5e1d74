"""The command: ``python -m vaelab.doctor path/to/module.py:make_model --data fashion``, or a saved ``.keras`` file."""

import sys

from vaelab.doctor.command import main

if __name__ == "__main__":
    sys.exit(main())
