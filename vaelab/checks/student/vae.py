"""Operation ``vae``: build small networks from the request's weights, hand them to the target, run steps on its model."""

import contextlib

import numpy as np

from vaelab.checks.student.describe import MAX_ITEMS, describe, error_of, logs, type_name


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
        calls = 0

        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.of_mean = self.add_weight(shape=(size, size), initializer="zeros", trainable=False)
            self.of_log_var = self.add_weight(shape=(size, size), initializer="zeros", trainable=False)
            self.phase = self.add_weight(shape=(size,), initializer="zeros", trainable=False)

        def call(self, inputs):
            self.calls += 1
            z_mean, z_log_var = inputs
            wave = ops.matmul(z_mean, self.of_mean) + ops.matmul(z_log_var, self.of_log_var) + self.phase
            noise = ops.stop_gradient(1.5 * ops.sin(wave))
            return z_mean + ops.exp(0.5 * z_log_var) * noise

        def compute_output_shape(self, input_shape):  # Keras passes it by this name
            return input_shape[0]

    class Tap(layers.Layer):
        """Passes its input on; counts its calls, and keeps copies of the numbers while someone listens (eager only)."""

        heard, calls = None, 0

        def call(self, inputs):
            self.calls += 1
            if self.heard is not None and hasattr(inputs, "numpy"):
                self.heard.append(inputs.numpy())
            return inputs

        def compute_output_shape(self, input_shape):
            return input_shape

    shape, size, hidden = tuple(build["input_shape"]), build["latent_dim"], build["hidden"]
    dense = {
        name: layers.Dense(units, activation=activation, kernel_initializer="zeros", name=name)
        for name, units, activation in (
            ("encoder_hidden", hidden, "tanh"),
            ("z_mean", size, None),
            ("z_log_var", size, None),
            ("decoder_hidden", hidden, "tanh"),
            ("pixels", int(np.prod(shape)), "sigmoid"),
        )
    }
    x, taps = keras.Input(shape), {"encoder": Tap(), "decoder": Tap()}
    h = dense["encoder_hidden"](layers.Flatten()(taps["encoder"](x)))
    encoder = keras.Model(x, [dense["z_mean"](h), dense["z_log_var"](h)], name="encoder")
    z = keras.Input((size,))
    h = dense["decoder_hidden"](taps["decoder"](z))
    decoder = keras.Model(z, layers.Reshape(shape)(dense["pixels"](h)), name="decoder")
    taps["sampling"] = sampling = Sampling(size, name="sampling")
    variables = {f"{name}.{part}": getattr(layer, part) for name, layer in dense.items() for part in ("kernel", "bias")}
    variables |= {"noise.mean": sampling.of_mean, "noise.log_var": sampling.of_log_var, "noise.phase": sampling.phase}
    return encoder, decoder, sampling, taps, variables


def vae(asked, given, target, arrays):
    """Build the networks, call the target with them, run the steps on its model."""
    import keras

    encoder, decoder, sampling, taps, variables = _networks(asked["build"])

    def reset():
        for name, variable in variables.items():
            variable.assign(given[name])
        for network in (encoder, decoder):
            network.predict_function = None  # compiled anew, it runs the taps, which count

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
            result = _VAE_STEPS[step["do"]](step, given, model, f"step{i}", arrays, taps)
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
    if step.get("y"):  # to see what a model does that wants one
        return {"x": x, "y": x, "batch_size": step["batch_size"]}
    if step.get("quick") and getattr(getattr(model, method), "__func__", None) is getattr(keras.Model, method):
        options = tf.data.Options()  # it takes longer to make a pipeline of three batches faster than to run it
        options.experimental_optimization.apply_default_optimizations = False
        options.autotune.enabled = False
        return {"x": tf.data.Dataset.from_tensor_slices(x).batch(step["batch_size"]).with_options(options)}
    return {"x": x, "batch_size": step["batch_size"]}


def _step_call(step, given, model, name, arrays, taps):
    """What the model returns for images, called as a function."""
    return {"output": describe(model(given[step["x"]].astype("float32")), name, arrays)}


def _step_evaluate(step, given, model, name, arrays, taps):
    _mode(model, step)
    results = []
    for x in step["x"]:
        results.append(logs(model.evaluate(**_feed(model, "evaluate", given[x], step), return_dict=True, verbose=0)))
    return {"results": results}


def _step_predict(step, given, model, name, arrays, taps):
    _mode(model, step)
    return {
        "output": describe(model.predict(**_feed(model, "predict", given[step["x"]], step), verbose=0), name, arrays)
    }


def _step_fit(step, given, model, name, arrays, taps):
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
    return logs(getattr(history, "history", None))


def _step_listen(step, given, model, name, arrays, taps):
    """What reaches the decoder during `evaluate`, several times over; and how often each part ran."""
    _mode(model, {})
    told, tap = [], taps["decoder"]
    for tapped in taps.values():
        tapped.calls = 0
    for i in range(step["times"]):
        tap.heard = []
        try:
            model.evaluate(**_feed(model, "evaluate", given[step["x"]], step), return_dict=True, verbose=0)
            heard = tap.heard[:MAX_ITEMS]
        finally:
            tap.heard = None
        told.append([describe(z, f"{name}.{i}.{j}", arrays) for j, z in enumerate(heard)])
    return {"heard": told, "ran": {part: tapped.calls for part, tapped in taps.items()}}


_VAE_STEPS = {
    "call": _step_call,
    "evaluate": _step_evaluate,
    "predict": _step_predict,
    "fit": _step_fit,
    "listen": _step_listen,
}


def _innermost(optimizer):
    """The optimiser that takes the steps, inside those that scale the loss for it."""
    while getattr(optimizer, "inner_optimizer", None) is not None:
        optimizer = optimizer.inner_optimizer
    return optimizer


@contextlib.contextmanager
def _plain_steps(model, rate):
    """Optimisers take plain gradient steps in this block: weight -= rate * gradient. Yields the rate, a variable.

    The optimiser's own object is changed, not replaced, so that a `train_step` which
    holds on to it is followed too; and Keras's own class, for models with several optimisers.
    """
    import tensorflow as tf
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    optimizer, rate = _innermost(model.optimizer), tf.Variable(rate, dtype="float32")

    def apply(gradients, trainable_variables=None):
        for gradient, variable in zip(gradients, trainable_variables or model.trainable_variables):
            if gradient is not None:
                step = tf.math.multiply_no_nan(tf.cast(tf.convert_to_tensor(gradient), "float32"), rate)
                variable.assign_sub(tf.cast(step, variable.dtype))

    others = BaseOptimizer.apply
    averages = getattr(optimizer, "use_ema", False)
    # Averages of the weights, which `apply` would take, replace them in the end.
    optimizer.apply, optimizer.use_ema = apply, False
    BaseOptimizer.apply = lambda self, *args, **kwargs: apply(*args, **kwargs)
    model.train_function = None
    try:
        yield rate
    finally:
        BaseOptimizer.apply = others
        del optimizer.apply
        optimizer.use_ema = averages
        model.train_function = None
