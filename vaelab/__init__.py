"""The library behind the course: data, models, training, plots, checks, explorer.

Importing ``vaelab`` is cheap; TensorFlow is loaded by the modules that need it.
It never holds an answer to an exercise: those are in ``solutions/`` and, as
NumPy oracles, inside ``vaelab.checks``.
"""

import os

# TensorFlow's C++ side writes banners to stderr when it is imported, and nbgrader
# gives 0 for anything on stderr in a test cell. Errors (level 3 and above) stay.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
