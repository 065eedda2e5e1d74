"""The library behind the course: data, models, training, plots, checks, explorer.

Importing ``vaelab`` is cheap; TensorFlow is loaded by the modules that need it.
It never holds an answer to an exercise: those are in ``solutions/`` and, as
NumPy oracles, inside ``vaelab.checks``.
"""

import os

# TensorFlow's C++ side writes to stderr when it starts, on a machine without a GPU even
# "errors", and nbgrader gives 0 for anything on stderr in a test cell.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
