"""The student's side of a check: does what it is asked, returns arrays and plain JSON.

`run` takes a request and the student's object and gives a reply; see `vaelab.checks` for
the boundary. It decides nothing and knows no expected value, so that reading this file
helps nobody to a mark. It never raises (but for a real Ctrl-C), returns a bounded amount,
and keeps whatever student code or TensorFlow prints away from the notebook: nbgrader
gives no points to a cell with anything on stderr.

Operations (``request["json"]["op"]``):

``call``
    Call the target with arrays, eagerly or in a graph, with gradients if asked.
``vae``
    Build small networks from the weights in the request, give them to the target, and
    run ``steps`` on the model that it returns.
``trace``
    Call the target with numbers and return the graphs of its model (`vaelab.checks.student.trace`).
``plain``
    Call the target with plain values, and return plain values (`vaelab.checks.student.values`).
``examine``
    Hand implementations, made from numbers in the request, to the target one by one.
``weigh``
    Hand losses, made from numbers in the request, to the target (`vaelab.checks.student.losses`).
``numbers``, ``sampler``, ``score``
    Call the target with NumPy arrays (`vaelab.checks.student.functions`): and read a number; and call the
    function that it returns; with an encoder and a decoder made from the weights in the request.
"""

from vaelab.checks.message import PROTOCOL
from vaelab.checks.student.call import call
from vaelab.checks.student.describe import error_of, is_stub, plain_keras, quiet, type_name
from vaelab.checks.student.functions import numbers, sampler, score
from vaelab.checks.student.losses import weigh
from vaelab.checks.student.plain import plain
from vaelab.checks.student.trace import trace
from vaelab.checks.student.vae import vae


def run(request, target):
    """Carry out `request` on `target`.

    Parameters
    ----------
    request : dict
        A message from the judge.
    target : object
        What the student wrote, normally a function.

    Returns
    -------
    dict
        A message. ``json["status"]`` is ``"ok"``, ``"not_done"`` (the target is a stub
        that raises NotImplementedError) or ``"error"`` (with ``json["error"]``).
    """
    arrays = {}
    try:
        with quiet():
            try:
                asked = request["json"]
                if asked.get("protocol") != PROTOCOL:
                    raise ValueError(f"this probe speaks protocol {PROTOCOL}")
                operation = _OPERATIONS[asked["op"]]
                if not callable(target):
                    text = f"the name stands for an object of type {type_name(target)}, which is not a function"
                    body = {"status": "error", "error": {"type": "TypeError", "text": text}}
                elif not _eager():
                    text = "this notebook switches off TensorFlow's eager execution, so that calling a function computes nothing."
                    body = {"status": "error", "error": {"type": "NotEager", "text": text}}
                else:
                    with plain_keras():
                        body = {"status": "ok", **operation(asked, request["arrays"], target, arrays)}
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                arrays = {}
                body = {"status": "not_done" if is_stub(error, target) else "error", "error": error_of(error)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the redirections themselves failed
        body = {"status": "error", "error": error_of(error)}
    return {"json": {"protocol": PROTOCOL, **body}, "arrays": arrays}


def _eager():
    import tensorflow as tf

    return tf.executing_eagerly()


def _examine(asked, given, target, arrays):
    from vaelab.checks.student.examine import examine  # imports Keras, which no other operation needs this early

    return examine(asked, given, target, arrays)


_OPERATIONS = {
    "call": call,
    "plain": plain,
    "vae": vae,
    "trace": trace,
    "examine": _examine,
    "weigh": weigh,
    "numbers": numbers,
    "sampler": sampler,
    "score": score,
}
