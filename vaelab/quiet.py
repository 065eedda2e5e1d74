"""Import TensorFlow without the banners it writes when it starts.

``import vaelab.quiet`` comes first wherever Keras or TensorFlow is imported. A
notebook would show the banners in red, and nbgrader gives 0 for anything on stderr in a
test cell. TensorFlow's log level does not help: its native libraries write while they
are loaded, before that setting is read, and straight to file descriptor 2.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stderr_held_back() -> Iterator[None]:
    """Hold back what is written to file descriptor 2; if there is an exception, let it out."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


# TensorFlow's own gradients of convolutions leave most of a CPU unused; those of oneDNN, which it brings
# along, are two to three times faster. It is read once, at import; on some processors it is the default.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# With a single thread, oneDNN destroys memory in the gradient of a 1x1 convolution with strides (TensorFlow 2.21).
if len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)) == 1:
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")

with stderr_held_back():
    import tensorflow  # noqa: F401
