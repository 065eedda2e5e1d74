"""As much of a kernel as the judge uses, in this process, for code that is all harmless."""

import contextlib
import io
import types

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograde import judge_process
from autograde.kernel_client import KernelStopped
from autograde.outputs import Outputs, Room

ENDLESS = "for epoch in range(5000):\n    train()"


class Kernel:
    """As much of a kernel as the judge uses, in this process."""

    def __init__(self):
        quiet = Config({"HistoryManager": {"enabled": False}})
        self.shell = InteractiveShell(config=quiet, user_module=types.ModuleType("student"))
        self.shell.showtraceback = self.shell.showsyntaxerror = lambda *args, **more: (
            None
        )  # to draw one takes a tenth of a second
        self.stopped, self.received, self.remembered = None, 0, {}

    def run(self, code, silent=False):
        if self.stopped or ENDLESS in code:
            self.stopped = "it ran for more than 150 s"
            raise KernelStopped(self.stopped)
        outputs = Outputs(Room())
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            ran = self.shell.run_cell(code, store_history=False, silent=silent)
        error = ran.error_before_exec or ran.error_in_exec
        if error is not None:
            said = {"ename": type(error).__name__, "evalue": str(error)}
            outputs.add("error", said | {"traceback": []})
            return outputs, {"status": "error"} | said
        if ran.result is not None:
            outputs.add("execute_result", {"data": {"text/plain": repr(ran.result)}})
        return outputs, {"status": "ok"}


def run(cells, limits, sandboxed=True, files=()):
    """In place of `supervise.run`: the judge and a kernel, and no process of theirs."""
    return judge_process.judge([one for one in cells if one["cell_type"] == "code"], Kernel()), {}
