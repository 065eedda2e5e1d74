"""The student's objects, as checks see them: names, of which the judge asks things in kernels.

There are two processes. The student's kernel runs the notebook and answers probes. The other (:mod:`autograde.replay_client`), which is
started when a check first asks for it, runs no cell of anybody's: it replays the graphs that the student's has told
(`vaelab.checks.replay`).
"""

import base64
import contextlib
import json
import re
import time

from autograde.kernel_client import KernelStopped
from autograde.outputs import REPLY, shorten
from vaelab.checks import ProbeError, RemoteTarget, message

PROBE = f"""
import base64
from IPython import get_ipython
from vaelab.checks import message
from vaelab.checks.student import probe
shell = get_ipython()
reply = probe.run(message.unpack(shell.get_parent()["buffers"][0]), shell.user_ns[name])
shell.display_pub.publish({{{REPLY!r}: base64.b64encode(message.pack(reply)).decode()}}, {{}})
"""

#: Writes files into the folder that the kernel works in; without a sandbox, into a new one: that folder is the user's.
LAY = """
import base64, json, os, tempfile
from IPython import get_ipython
if os.getcwd() != "/home/student":
    os.chdir(tempfile.mkdtemp())
for path, content in json.loads(bytes(get_ipython().get_parent()["buffers"][0])):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(base64.b64decode(content))
"""


class Undefined(ProbeError):
    """The notebook has no object of that name."""


def lay(kernel, files):
    """Have ``kernel`` write ``files``, ``[path, content in base64]``, beside the notebook that it is going to run."""
    kernel.run(f"__import__('builtins').exec({LAY!r}, {{}})", silent=True, data=json.dumps(files).encode())


def ask(kernel, name, request):
    """Have the probe of the object ``name`` answer ``request`` in a kernel; returns the reply. Raises `ProbeError`."""
    # The request does not stand in the code: IPython would read it five times over before it ran.
    outputs, reply = kernel.run(
        f"__import__('builtins').exec({PROBE!r}, {{'name': {name!r}}})", silent=True, data=message.pack(request)
    )
    if outputs.reply is None:
        error, text = (value if isinstance(value := reply.get(key), str) else None for key in ("ename", "evalue"))
        if error == "KeyError":
            raise Undefined(
                f"The notebook does not define {name}: a function of another name, or in other letters, is not it."
            )
        if error is None:
            raise ProbeError("Something in the notebook keeps the test from running.")
        raise ProbeError(f"The probe did not answer: {shorten(error, 80)}: {shorten(text or '', 400)}")
    try:
        return message.unpack(base64.b64decode(outputs.reply, validate=True))
    except ValueError as error:
        raise ProbeError(f"The probe's answer cannot be read: {error}") from None


class KernelTarget(RemoteTarget):
    """A student's object by name; probing it runs the probe in their kernel.

    ``errors`` are ``(source, error)`` of the notebook's cells that failed: where there is no such object, one of them may say why.
    """

    def __init__(self, kernel, name, replayer=None, errors=()):
        super().__init__(name, kernel.remembered)
        self.kernel, self.replayer, self.errors = kernel, replayer, errors

    def probe(self, request):
        with self._timed():
            try:
                return ask(self.kernel, self.name, request)
            except Undefined:
                binds = re.compile(
                    rf"\b(def|class|import|as)\s+{self.name}\b|^[ \t]*{self.name}[ \t]*(:|=[^=])", re.MULTILINE
                )
                why = next((error for source, error in self.errors if binds.search(source)), None)
                if why is None:
                    raise
                raise ProbeError(
                    f"The notebook does not define {self.name}: the cell that should do so ended with {why}"
                ) from None

    def replay(self, request):
        with self._timed():
            try:
                return self.replayer.ask(request)
            except KernelStopped as why:
                self.kernel.look()  # if both have ended, the student's is what matters
                raise ProbeError(f"What {self.name} built was run by itself, and had to be stopped: {why}.") from None

    @contextlib.contextmanager
    def _timed(self):
        started = time.monotonic()
        try:
            yield
        finally:
            self.kernel.probing += time.monotonic() - started
