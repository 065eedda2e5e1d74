"""What a kernel will import and read, beforehand: the first and only work of a process from which kernels are forked.

Nothing here may start a thread or run a TensorFlow operation, because what is imported here is
forked; nor depend on IPython's shell, which is not there yet (``matplotlib_inline`` does).
"""

import contextlib
import ctypes
import functools
import importlib
import inspect
import os
import sys
from collections.abc import Sequence

from vaelab import data

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # from <malloc.h>

KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "pygments.formatters.terminal256",  # this and the next: for the first traceback
    "stack_data",
    "tornado.platform.asyncio",
)
NOTEBOOKS = (
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
    "vaelab.explorer.program.graph",
    "vaelab.checks.student.specimens",
    "vaelab.borrow",
    "tensorflow.python.data.ops.concatenate_op",
    "tensorflow.python.data.ops.flat_map_op",
    "tensorflow.python.data.ops.from_tensors_op",
    "tensorflow.python.data.ops.range_op",
    "tensorflow.python.data.ops.zip_op",
)
REPLAY = ("keras", "vaelab.checks.replay")
CHECKS = ("vaelab.checks.student.probe", "vaelab.checks.student.trace")


def load(which: str, imports: Sequence[str] | None = None) -> str | None:
    """Import what kernels need for "notebooks", or what "replays" need.

    ``imports`` are what the notebooks of another course import. Returns the name of one that cannot be imported before a fork,
    where there is one: it has started a thread, and this process is of no use any more.
    """
    keep_large_blocks()
    if imports is not None:
        for name in KERNEL:
            importlib.import_module(name)
        return _first_with_a_thread(imports)
    importlib.import_module("vaelab.quiet")  # starts TensorFlow without its messages
    for name in (*REPLAY, *((*KERNEL, *NOTEBOOKS, *CHECKS) if which == "notebooks" else ())):
        importlib.import_module(name)
    if which == "notebooks":
        # The images, as often as a notebook loads them. They stay in pages that all children share, until one writes to its own.
        data.read_ahead(copies=2)
    # A graph that runs once or twice is not worth optimising: that takes a sixth of all the time of a kernel of 02_vae.
    sys.modules["tensorflow"].config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    run_single_operations_as_such()
    keep_no_places()
    wait_without_looking()
    return None


def run_single_operations_as_such():
    """Have TensorFlow run an operation outside a graph by its kernel, not by a graph made of it alone.

    It makes such a graph, with all passes that optimise one, for each operation and each kind of input: another sixth of the
    time. Results and messages are the same, but for max pooling of images with channels first: it has no kernel on a processor,
    and only a graph is rewritten to one that has. A context that is there already is as it was made, and there is none yet.
    """
    from tensorflow.python import pywrap_tfe

    asked = getattr(pywrap_tfe, "TFE_ContextOptionsSetRunEagerOpAsFunction", None)
    if asked is not None:  # not public: where it has gone, the time is what is lost
        pywrap_tfe.TFE_ContextOptionsSetRunEagerOpAsFunction = lambda options, as_graph: asked(options, False)


def keep_no_places():
    """Have TensorFlow not note, for each operation of a graph, the lines of Python that made it: a twelfth of a kernel's time.

    All that is lost is a list in the message of an error that happens while a graph runs: "defined at". Python's own
    traceback stays.
    """
    from tensorflow.python.framework import ops

    make = getattr(ops, "_create_c_op", None)
    if make is not None and "extract_traceback" in inspect.signature(make).parameters:  # not public, as above
        ops._create_c_op = functools.partial(make, extract_traceback=False)


def wait_without_looking():
    """Have TensorFlow's threads sleep until there is work, not look for it in a loop: other sandboxes need the processors."""
    from tensorflow.core.protobuf.config_pb2 import ConfigProto
    from tensorflow.python.eager import context

    if hasattr(context.context(), "_config"):  # not public, as above
        context.context()._config = ConfigProto(experimental=ConfigProto.Experimental(disable_thread_spinning=True))


def _first_with_a_thread(imports: Sequence[str]) -> str | None:
    """Import these modules, as far as they are there, up to the first that starts a thread."""
    if {"tensorflow", "keras"} & {name.partition(".")[0] for name in imports}:
        importlib.import_module("vaelab.quiet")
    importlib.import_module(
        "scipy.linalg"
    )  # NumPy's and SciPy's OpenBLAS have threads, and see to them when there is a fork
    threads = _threads()
    for name in imports:
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
        if _threads() > threads:
            return name
    return None


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def keep_large_blocks():
    """Let the GNU C library keep what is freed (up to 32 MB a block): a kernel needs it again, and fresh pages cost time."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, 32 * 2**20)
        mallopt(M_TRIM_THRESHOLD, 256 * 2**20)
