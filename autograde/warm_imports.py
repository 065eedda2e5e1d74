"""What a student's kernel will import, imported beforehand: a nursery's first and only work.

Nothing here may start a thread, run a TensorFlow operation or ask for IPython's shell, which
is not there yet: what is imported here is forked.
"""

import vaelab.quiet  # first: starts TensorFlow without its messages

import importlib

for name in ("keras", "scipy.stats", "matplotlib.pyplot", "ipykernel.kernelapp", "ipykernel.zmqshell", "ipykernel.ipkernel",
             "vaelab.checks.probe", "vaelab.data", "vaelab.metrics", "vaelab.plots", "vaelab.reference", "vaelab.training"):
    importlib.import_module(name)
