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
    Call the target with numbers and return the graphs of its model (`vaelab.checks.trace`).
``examine``
    Hand implementations, made from numbers in the request, to the target one by one.
"""

import contextlib
import logging
import os
import sys
import warnings

import numpy as np

from vaelab.checks.message import PROTOCOL

# Bounds on what goes back, however much the student's code produces.
MAX_ELEMENTS = 500_000
MAX_TEXT = 2000
MAX_ITEMS = 24


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
                operation = {"call": _call, "vae": _vae, "trace": _trace, "examine": _examine}[asked["op"]]
                if not callable(target):
                    body = {
                        "status": "error",
                        "error": {"type": "TypeError", "text": f"the object is a {type_name(target)}, not a function"},
                    }
                else:
                    with plain_keras():
                        body = {"status": "ok", **operation(asked, request["arrays"], target, arrays)}
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                arrays = {}
                body = {"status": "not_done" if _is_stub(error, target) else "error", "error": error_of(error)}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the redirections themselves failed
        body = {"status": "error", "error": error_of(error)}
    return {"json": {"protocol": PROTOCOL, **body}, "arrays": arrays}


# --- surroundings -----------------------------------------------------------------------


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


# --- saying what came back --------------------------------------------------------------


def type_name(value):
    return type.__getattribute__(type(value), "__name__")[:80]


def text_of(value):
    """`value` as a short string, even if turning it into one fails."""
    try:
        text = str(value)
        return text[:MAX_TEXT] if type(text) is str else "(no message)"
    except BaseException:
        return "(its message cannot be read)"


def error_of(error):
    return {"type": type_name(error), "text": text_of(error)}


def _is_stub(error, target):
    """Was NotImplementedError raised by the target's own lines, not by what it calls?"""
    if not isinstance(error, NotImplementedError):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code is getattr(target, "__code__", None)


def _describe(value, name, arrays, depth=0):
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
            told["items"] = [_describe(item, f"{name}.{i}", arrays, depth + 1) for i, item in enumerate(value[:3])]
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


def _logs(value):
    """A dictionary of numbers, or of lists of numbers, as plain JSON."""
    if not isinstance(value, dict):
        return {"type": type_name(value)}
    logs = {}
    for key, item in list(dict.items(value))[:MAX_ITEMS]:
        items = item[:4] if type(item) is list else [item]
        with contextlib.suppress(Exception):
            logs[text_of(key)[:40]] = [float(np.asarray(number)) for number in items]
    return {"logs": logs}


# --- op: call ---------------------------------------------------------------------------


def _call(asked, given, target, arrays):
    """Call the target on each case; ``results[i]`` says what came back."""
    import tensorflow as tf

    results = []
    for i, case in enumerate(asked["cases"]):
        inputs = [tf.cast(tf.constant(given[name]), case.get("dtype", "float32")) for name in case["args"]]
        function = target
        if case.get("mode", "eager") != "eager":
            function = tf.function(target, jit_compile=case["mode"] == "jit")
        try:
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(inputs)
                output = function(*inputs)
            result = {"output": _describe(output, f"output{i}", arrays)}
            if case.get("gradient"):
                result["gradients"] = [
                    _describe(_gradient(tape, output, source), f"gradient{i}.{j}", arrays)
                    for j, source in enumerate(inputs)
                ]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if _is_stub(error, target):
                raise
            result = {"error": error_of(error)}
        results.append(result)
    return {"results": results}


def _gradient(tape, output, source):
    """Gradient of the sum of `output`, or None where there is no path."""
    import tensorflow as tf

    if not issubclass(type(output), tf.Tensor):
        return None
    gradient = tape.gradient(output, source)
    return None if gradient is None else tf.convert_to_tensor(gradient)


# --- op: vae ----------------------------------------------------------------------------


def _networks(build):
    """Small encoder, decoder and sampling layer whose every number the judge has set.

    Encoder: Flatten, Dense(hidden, tanh), then a Dense head each for z_mean and
    z_log_var. Decoder: Dense(hidden, tanh), Dense(pixels, sigmoid), Reshape. The noise of
    the sampling layer is a fixed function of its inputs, so that a result can be
    recomputed whatever the order or the grouping of the images.
    """
    import keras
    from keras import layers, ops

    class Sampling(layers.Layer):
        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.of_mean = self.add_weight(shape=(size, size), initializer="zeros", trainable=False)
            self.of_log_var = self.add_weight(shape=(size, size), initializer="zeros", trainable=False)
            self.phase = self.add_weight(shape=(size,), initializer="zeros", trainable=False)

        def call(self, inputs):
            z_mean, z_log_var = inputs
            wave = ops.matmul(z_mean, self.of_mean) + ops.matmul(z_log_var, self.of_log_var) + self.phase
            noise = ops.stop_gradient(1.5 * ops.sin(wave))
            return z_mean + ops.exp(0.5 * z_log_var) * noise

        def compute_output_shape(self, shapes):
            return shapes[0]

    class Tap(layers.Layer):
        """Passes its input on; keeps a copy while someone listens (eager only)."""

        heard = None

        def call(self, inputs):
            if self.heard is not None and hasattr(inputs, "numpy"):
                self.heard.append(inputs.numpy())
            return inputs

        def compute_output_shape(self, shape):
            return shape

    shape, size, hidden = tuple(build["input_shape"]), build["latent_dim"], build["hidden"]
    dense = {
        name: layers.Dense(units, activation=activation, kernel_initializer="zeros")
        for name, units, activation in (
            ("encoder_hidden", hidden, "tanh"),
            ("z_mean", size, None),
            ("z_log_var", size, None),
            ("decoder_hidden", hidden, "tanh"),
            ("pixels", int(np.prod(shape)), "sigmoid"),
        )
    }
    x = keras.Input(shape)
    h = dense["encoder_hidden"](layers.Flatten()(x))
    encoder = keras.Model(x, [dense["z_mean"](h), dense["z_log_var"](h)], name="encoder")
    z, tap = keras.Input((size,)), Tap()
    decoder = keras.Model(z, layers.Reshape(shape)(dense["pixels"](dense["decoder_hidden"](tap(z)))), name="decoder")
    sampling = Sampling(size, name="sampling")
    variables = {f"{name}.{part}": getattr(layer, part) for name, layer in dense.items() for part in ("kernel", "bias")}
    variables |= {"noise.mean": sampling.of_mean, "noise.log_var": sampling.of_log_var, "noise.phase": sampling.phase}
    return encoder, decoder, sampling, tap, variables


def _vae(asked, given, target, arrays):
    """Build the networks, call the target with them, run the steps on its model."""
    import keras

    encoder, decoder, sampling, tap, variables = _networks(asked["build"])

    def reset():
        for name, variable in variables.items():
            variable.assign(given[name])

    reset()
    # A model with a layer that has never run is first traced by Keras, to build it; this one has all its weights.
    sampling.built = not asked["build"]["traced"]
    model = target(tuple(asked["build"]["input_shape"]), encoder, decoder, sampling)
    reset()  # a target may have no business with the weights, but could have changed them
    told = {"type": type_name(model), "is_model": issubclass(type(model), keras.Model)}
    if not told["is_model"]:
        return {"model": told, "steps": []}
    told["compiled"] = bool(getattr(model, "compiled", False)) and getattr(model, "optimizer", None) is not None
    results = []
    for i, step in enumerate(asked["steps"]):
        try:
            if step.get("reset", True):
                reset()
            result = _VAE_STEPS[step["do"]](step, given, model, f"step{i}", arrays, tap)
            if step.get("weights"):
                for name, variable in variables.items():
                    arrays[f"step{i}.{name}"] = variable.numpy().astype("float64")
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            result = {"error": error_of(error)}
        results.append(result)
    return {"model": told, "steps": results}


def _mode(model, step):
    """Steps run eagerly unless a graph is asked for: tracing costs a second or more."""
    eager = not step.get("graph", False)
    if model.run_eagerly != eager:
        model.run_eagerly = eager
        model.train_function = model.test_function = model.predict_function = None


def _feed(model, method, x, step):
    """Arguments that feed the array `x` to ``model.fit``, ``evaluate`` or ``predict``.

    A ``quick`` step hands over the batches themselves: of the time that Keras takes for
    a few images, most goes into the making of batches. A model with methods of its own
    always gets the array, as students' code does.
    """
    import keras
    import tensorflow as tf

    x = x.astype("float32")
    if step.get("quick") and getattr(getattr(model, method), "__func__", None) is getattr(keras.Model, method):
        return {"x": tf.data.Dataset.from_tensor_slices(x).batch(step["batch_size"])}
    return {"x": x, "batch_size": step["batch_size"]}


def _step_evaluate(step, given, model, name, arrays, tap):
    _mode(model, step)
    results = []
    for x in step["x"]:
        results.append(_logs(model.evaluate(**_feed(model, "evaluate", given[x], step), return_dict=True, verbose=0)))
    return {"results": results}


def _step_predict(step, given, model, name, arrays, tap):
    _mode(model, step)
    return {
        "output": _describe(model.predict(**_feed(model, "predict", given[step["x"]], step), verbose=0), name, arrays)
    }


def _step_fit(step, given, model, name, arrays, tap):
    _mode(model, step)
    more = {}
    if "x_val" in step:
        more["validation_data"] = (given[step["x_val"]].astype("float32"), None)
    if "iterations" in step:  # as if so many steps had been taken: learning rates may follow a schedule
        with contextlib.suppress(AttributeError):
            _innermost(model.optimizer)._iterations.assign(step["iterations"])
    with _plain_steps(model, step["rate"]) if "rate" in step else contextlib.nullcontext() as rate:
        history = model.fit(**_feed(model, "fit", given[step["x"]], step), shuffle=False, verbose=0, **more)
        if "then" in step:  # another epoch, at this rate, by the graph that is there
            rate.assign(step["then"])
            model.fit(**_feed(model, "fit", given[step["x"]], step), shuffle=False, verbose=0)
    return _logs(getattr(history, "history", None))


def _step_listen(step, given, model, name, arrays, tap):
    """What reaches the decoder during `evaluate`, several times over."""
    _mode(model, {})
    told = []
    for i in range(step["times"]):
        tap.heard = []
        try:
            model.evaluate(**_feed(model, "evaluate", given[step["x"]], step), return_dict=True, verbose=0)
            heard = tap.heard[:MAX_ITEMS]
        finally:
            tap.heard = None
        told.append([_describe(z, f"{name}.{i}.{j}", arrays) for j, z in enumerate(heard)])
    return {"heard": told}


_VAE_STEPS = {"evaluate": _step_evaluate, "predict": _step_predict, "fit": _step_fit, "listen": _step_listen}


def _innermost(optimizer):
    """The optimiser that takes the steps, inside those that scale the loss for it."""
    while getattr(optimizer, "inner_optimizer", None) is not None:
        optimizer = optimizer.inner_optimizer
    return optimizer


@contextlib.contextmanager
def _plain_steps(model, rate):
    """The optimiser takes plain gradient steps in this block: weight -= rate * gradient. Yields the rate, a variable.

    The optimiser's own object is changed, not replaced, so that a `train_step` which
    holds on to it is followed too.
    """
    import tensorflow as tf

    optimizer, rate = _innermost(model.optimizer), tf.Variable(rate, dtype="float32")

    def apply(gradients, trainable_variables=None):
        for gradient, variable in zip(gradients, trainable_variables or model.trainable_variables):
            if gradient is not None:
                step = tf.math.multiply_no_nan(tf.cast(tf.convert_to_tensor(gradient), "float32"), rate)
                variable.assign_sub(tf.cast(step, variable.dtype))

    averages = getattr(optimizer, "use_ema", False)
    optimizer.apply, optimizer.use_ema = (
        apply,
        False,
    )  # averages of the weights, which `apply` would take, replace them in the end
    model.train_function = None
    try:
        yield rate
    finally:
        del optimizer.apply
        optimizer.use_ema = averages
        model.train_function = None


def _trace(asked, given, target, arrays):
    from vaelab.checks.trace import trace  # which imports this module

    return trace(asked, given, target, arrays)


# --- op: examine ------------------------------------------------------------------------


def _examine(asked, given, target, arrays):
    """Call ``target(kl, sample)`` with each implementation, ``times`` times over."""
    from vaelab.specimens import Implementation

    answers = []
    for kl_numbers, sample_numbers in zip(given["kl"], given["sample"]):
        row = []
        for _ in range(asked["times"]):
            made = Implementation(kl_numbers, sample_numbers)
            try:
                answer = target(made.kl, made.sample)
                if type(answer) in (bool, np.bool_):
                    row.append({"kind": "bool", "value": bool(answer)})
                else:
                    row.append({"kind": "other", "type": type_name(answer)})
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if _is_stub(error, target):
                    raise
                row.append({"kind": "error", "error": error_of(error)})
        answers.append(row)
    return {"answers": answers}
