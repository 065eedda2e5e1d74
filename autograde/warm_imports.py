"""What a student's kernel will import, imported beforehand: a nursery's first and only work.

Nothing here may start a thread or run a TensorFlow operation, because what is imported here is
forked; nor depend on IPython's shell, which is not there yet (``matplotlib_inline`` does).
"""

import vaelab.quiet  # first: starts TensorFlow without its messages

import importlib

for name in ("keras", "scipy.stats", "matplotlib.pyplot", "ipykernel.kernelapp", "ipykernel.zmqshell", "ipykernel.ipkernel",
             "vaelab.checks.probe", "vaelab.checks.trace", "vaelab.checks.replay", "vaelab.data", "vaelab.metrics", "vaelab.plots", "vaelab.reference", "vaelab.training",
             "vaelab.explorer", "vaelab.specimens", "vaelab.earlier", "matplotlib.backends.backend_agg", "rich.console",
             "tensorflow.python.data.ops.concatenate_op", "tensorflow.python.data.ops.flat_map_op",
             "tensorflow.python.data.ops.from_tensors_op", "tensorflow.python.data.ops.range_op",
             "tensorflow.python.data.ops.zip_op"):
    importlib.import_module(name)
