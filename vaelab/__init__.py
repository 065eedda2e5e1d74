"""The library behind the course: data, models, training, plots, checks, explorer.

Importing ``vaelab`` is cheap; TensorFlow is loaded by the modules that need it.
It never holds an answer to an exercise: those are in ``solutions/`` and, as
NumPy oracles, inside ``vaelab.checks``.
"""

import os
import sys

# TensorFlow's C++ side writes to stderr when it starts, on a machine without a GPU even
# "errors", and nbgrader gives 0 for anything on stderr in a test cell.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

# ipywidgets echoes what a slider sends, and pulls one that is dragged fast back to its own old values. It reads the
# variable when it is imported; where a notebook has imported it before, it keeps what it has read here.
os.environ.setdefault("JUPYTER_WIDGETS_ECHO", "0")
if (_widget := sys.modules.get("ipywidgets.widgets.widget")) is not None:
    vars(_widget)["JUPYTER_WIDGETS_ECHO"] = _widget.envset("JUPYTER_WIDGETS_ECHO", False)
