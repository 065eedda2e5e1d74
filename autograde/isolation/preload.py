"""What a student's kernel will import and read, beforehand: a nursery's first and only work.

Nothing here may start a thread or run a TensorFlow operation, because what is imported here is
forked; nor depend on IPython's shell, which is not there yet (``matplotlib_inline`` does).
"""

import ctypes
import importlib

import vaelab.quiet  # noqa: F401, starts TensorFlow without its messages

from vaelab import data

KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
)
NOTEBOOKS = (
    "keras",
    "scipy.stats",
    "matplotlib.pyplot",
    "matplotlib.style.core",
    "matplotlib.backends.backend_agg",
    "rich.console",
    "vaelab.metrics",
    "vaelab.plots",
    "vaelab.reference",
    "vaelab.training",
    "vaelab.explorer",
    "vaelab.checks.student.specimens",
    "vaelab.borrow",
    "tensorflow.python.data.ops.concatenate_op",
    "tensorflow.python.data.ops.flat_map_op",
    "tensorflow.python.data.ops.from_tensors_op",
    "tensorflow.python.data.ops.range_op",
    "tensorflow.python.data.ops.zip_op",
)
CHECKS = ("vaelab.checks.student.probe", "vaelab.checks.student.trace", "vaelab.checks.replay")

for name in (*KERNEL, *NOTEBOOKS, *CHECKS):
    importlib.import_module(name)

# The images, as often as a notebook loads them. They stay in pages that all children share, until one writes to its own.
data.read_ahead(copies=2)

# What a kernel frees it soon needs again, and every fresh page costs time: keep large blocks (up to 32 MB), and more of them.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # from <malloc.h>
if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # the GNU C library's
    mallopt(M_MMAP_THRESHOLD, 32 * 2**20)
    mallopt(M_TRIM_THRESHOLD, 256 * 2**20)
