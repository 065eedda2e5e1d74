"""What all modules of the student's side share: quiet surroundings, and values as plain JSON and arrays.

Nothing here decides anything or knows an expected value.
"""

import contextlib
import logging
import os
import re
import sys
import warnings

import numpy as np

# Bounds on what goes back, however much the student's code produces.
MAX_ELEMENTS = 500_000
MAX_TEXT = 2000
#: Of the text of an exception, so much is read; what it quotes of arrays is left out of the MAX_TEXT that go back.
MAX_READ = 50_000
#: A bracket with more than a handful of numbers. Every character is looked at once: it begins with the bracket, and goes on to
#: the first character that no array holds.
_ARRAY = re.compile(r"\[(?:[\s\d.,+\-\[\]]|(?<=\d)e(?=[+\-\d])){40,}")
#: TensorFlow's list, in the message of an error inside a graph, of the lines that the operation comes from: mostly Keras's own,
#: and longer than all that goes back.
_PLACES = re.compile(
    r"Detected at node \S* defined at \(most recent call last\):\n"
    r'(?:<stack traces unavailable>\n|(?:  File "[^"\n]*", line \d+, in [^\n]*\n\n?)*)'
)
MAX_ITEMS = 24


@contextlib.contextmanager
def quiet():
    """Nothing reaches stdout, stderr, the logs or the warnings in this block.

    Python's streams are replaced, and the file descriptors as well, because TensorFlow
    and `tf.print` write to those directly.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    disabled = logging.root.manager.disable
    saved = []
    with open(os.devnull, "w", encoding="utf-8", errors="replace") as sink:
        try:
            for descriptor in (1, 2):
                with contextlib.suppress(OSError):  # no such descriptor: nothing to silence
                    saved.append((descriptor, os.dup(descriptor)))
                    os.dup2(sink.fileno(), descriptor)
            logging.disable(logging.CRITICAL)
            with (
                warnings.catch_warnings(),
                contextlib.redirect_stdout(sink),
                contextlib.redirect_stderr(sink),
                np.errstate(all="ignore"),
            ):  # a notebook may have made errors of NumPy's warnings
                warnings.simplefilter("ignore")
                yield
        finally:
            logging.disable(disabled)
            for descriptor, copy in saved:
                os.dup2(copy, descriptor)
                os.close(copy)


@contextlib.contextmanager
def plain_keras():
    """float32 throughout, whatever policy the notebook has set, and back afterwards.

    A GPU's TensorFloat-32 keeps three digits of a product, too few to tell formulas apart.
    """
    import keras
    import tensorflow as tf

    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    short_products = tf.config.experimental.tensor_float_32_execution_enabled()
    try:
        tf.config.experimental.enable_tensor_float_32_execution(False)
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(short_products)
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


def type_name(value):
    return type.__getattribute__(type(value), "__name__")[:80]


def text_of(value):
    """`value` as a short string, even if turning it into one fails."""
    try:
        text = str(value)
        if type(text) is not str:
            return "(no message)"
        return _ARRAY.sub("[…] ", _PLACES.sub("", text[:MAX_READ]))[:MAX_TEXT]
    except BaseException:
        return "(its message cannot be read)"


def error_of(error):
    return {"type": type_name(error), "text": text_of(error)}


def is_stub(error, target):
    """Was NotImplementedError raised by the target's own lines, not by what it calls?"""
    if not isinstance(error, NotImplementedError):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is getattr(target, "__code__", None)


def describe(value, name, arrays, depth=0):
    """JSON that says what `value` is; its numbers, if it has any, go to ``arrays[name]``.

    Types are looked at with ``type(value)`` and never ``value.__class__``, and arrays are
    only accepted in NumPy's, TensorFlow's and Keras's own types, whose methods do what
    they say.
    """
    import keras
    import tensorflow as tf

    kind = type(value)
    told = {"type": type_name(value)}
    if value is None:
        return {"kind": "none", **told}
    if kind in (bool, int, float):
        return numbers(np.asarray(value), {"kind": "number", **told}, name, arrays)
    if kind in (list, tuple):
        told.update(kind="list", length=len(value))
        if depth < 2:
            told["items"] = [describe(item, f"{name}.{i}", arrays, depth + 1) for i, item in enumerate(value[:3])]
        return told
    if issubclass(kind, (keras.KerasTensor,)):
        return {"kind": "symbolic", **told}
    if issubclass(kind, keras.Variable) or issubclass(kind, tf.Variable):
        value = tf.convert_to_tensor(value)
    if kind is np.ndarray or issubclass(kind, np.generic):
        return numbers(np.asarray(value), {"kind": "array", **told}, name, arrays)
    if type(value) is type(tf.constant(0)):
        if (value.shape.num_elements() or 0) > MAX_ELEMENTS:
            return {"kind": "large", "shape": list(value.shape)[:8], "dtype": value.dtype.name, **told}
        told["dtype"] = value.dtype.name
        if value.dtype == tf.bfloat16:
            value = tf.cast(value, tf.float32)
        return numbers(np.asarray(value.numpy()), {"kind": "tensor", **told}, name, arrays)
    if issubclass(kind, tf.Tensor):
        return {"kind": "symbolic", **told}
    return {"kind": "other", **told}


def numbers(array, told, name, arrays):
    told.setdefault("dtype", array.dtype.name[:40])
    told["shape"] = [int(n) for n in array.shape[:8]]
    if type(array) is not np.ndarray or array.dtype.kind not in "biuf" or array.dtype.name == "longdouble":
        return {**told, "kind": "other"}
    if array.size > MAX_ELEMENTS:
        return {**told, "kind": "large"}
    arrays[name] = array.astype("float64")
    return {**told, "array": name}


def logs(value):
    """A dictionary of numbers, or of lists of numbers, as plain JSON."""
    if not isinstance(value, dict):
        return {"type": type_name(value)}
    logs = {}
    for key, item in list(dict.items(value))[:MAX_ITEMS]:
        items = item[:4] if type(item) is list else [item]
        with contextlib.suppress(Exception):
            logs[text_of(key)[:40]] = [float(np.asarray(number)) for number in items]
    return {"logs": logs}
