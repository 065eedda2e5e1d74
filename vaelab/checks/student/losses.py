"""Operation ``weigh``: hands somebody's loss to the target, which is to find out how it weighs its terms.

The exercise `effective_beta` finds the weight of the KL from what a loss returns. Here the loss is a name only: what
it returns comes from the judge, one call after the other, so that this process holds nothing to be read instead.
The target runs in a thread of its own, which waits whenever the loss is called, until the judge's answer is here.
"""

import contextvars
import ctypes
import queue
import threading
from collections.abc import Callable

import numpy as np

from vaelab.checks.student.describe import describe
from vaelab.checks.student.functions import attempt, changed

CALLS = 1000  # of one loss
_PARTS = ("x", "x_decoded", "z_mean", "z_log_var")
_GONE = object()

_current: list["Conversation"] = []  # the one whose target waits, if there is one


class Conversation:
    """One run of ``target(loss, x, x_decoded, z_mean, z_log_var)``, from one call of the loss to the next."""

    def __init__(self, target: Callable, inputs: list[np.ndarray]):
        self.calls, self.asking = 0, threading.Lock()
        self.inputs, self.before = inputs, [array.copy() for array in inputs]
        self.questions: queue.SimpleQueue = queue.SimpleQueue()
        self.answers: queue.SimpleQueue = queue.SimpleQueue()
        run = contextvars.copy_context().run  # NumPy's error settings belong to a context
        self.thread = threading.Thread(target=run, args=(self._run, target, inputs), daemon=True)
        self.thread.start()

    def _run(self, target, inputs):
        try:
            ended = ("output", target(make_loss(self.ask), *inputs))
        except BaseException as error:
            ended = ("error", error)
        self.questions.put(ended)

    def ask(self, *arguments):
        """The value of the loss for four arrays and its slopes, from the judge; called by the target's thread."""
        with self.asking:
            self.calls += 1
            if self.calls > CALLS:
                raise RuntimeError(f"the loss was called more than {CALLS:,} times; a few calls are enough")
            self.questions.put(("call", [np.asarray(a, "float64") for a in arguments]))
            answer = self.answers.get()
        if answer is _GONE:
            raise SystemExit
        if isinstance(answer, str):
            raise ValueError(answer)
        return answer

    def next(self):
        """What the target does next: ``("call", arrays)``, ``("output", value)`` or ``("error", exception)``."""
        try:
            return self.questions.get()
        except KeyboardInterrupt:  # meant for the student's function
            kind = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread.ident), kind)
            raise


def make_loss(ask: Callable) -> Callable:
    """The loss as the target sees it: a function of four arrays or tensors that returns a scalar tensor."""
    import tensorflow as tf

    def slopes(*arrays):
        return tuple(np.asarray(part, "float32") for part in ask(*arrays))

    @tf.custom_gradient
    def evaluate(*tensors):
        if all(hasattr(t, "numpy") for t in tensors):
            value, *found = (tf.constant(part) for part in slopes(*(t.numpy() for t in tensors)))
        else:  # in a graph
            value, *found = tf.numpy_function(slopes, tensors, [tf.float32] * 5)
            value.set_shape(())
        return value, lambda upstream: [
            upstream * tf.reshape(s, tf.shape(t)) for s, t in zip(found, tensors, strict=True)
        ]

    def loss(x, x_decoded, z_mean, z_log_var):
        return evaluate(*(tf.convert_to_tensor(t, tf.float32) for t in (x, x_decoded, z_mean, z_log_var)))

    return loss


def weigh(asked: dict, given: dict[str, np.ndarray], target: Callable, arrays: dict[str, np.ndarray]) -> dict:
    """Begin a run of the target, or go on with it.

    ``cases`` is a list of one, ``{"args": names of four arrays}``, to begin with. Afterwards the arrays ``value`` and ``slope0`` to ``slope3``
    answer a call of the loss, or ``refused`` says why it has no value. The reply holds either ``call``, the names of
    the four arrays that the loss was called with, or ``results`` as the other operations have them.
    """
    if "cases" in asked:
        while _current:  # the judge has given up on it
            _current.pop().answers.put(_GONE)
        _current.append(Conversation(target, [given[name].astype("float32") for name in asked["cases"][0]["args"]]))
    elif "refused" in asked:
        _current[0].answers.put(asked["refused"])
    else:
        _current[0].answers.put([given[name] for name in ("value", "slope0", "slope1", "slope2", "slope3")])
    kind, what = _current[0].next()
    if kind == "call":
        arrays.update(zip(_PARTS, what, strict=True))
        return {"call": list(_PARTS)}
    conversation = _current.pop()

    def run(i, case):
        if kind == "error":
            raise what
        output = describe(what, f"output{i}", arrays)
        return {"output": output, "changed": changed(conversation.before, conversation.inputs)}

    return {"results": [attempt(run, 0, None, target)]}
