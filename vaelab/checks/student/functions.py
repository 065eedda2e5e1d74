"""Operations on functions that take NumPy arrays: ``numbers``, ``sampler`` and ``score``.

Each calls the target once for every case and describes what comes back. An exception in
one case is part of the reply; the other cases run all the same. ``changed`` lists the
arguments that are not afterwards what they were.
"""

from collections.abc import Callable

import numpy as np

from vaelab.checks.student.describe import describe, error_of, is_stub


def numbers(asked: dict, given: dict[str, np.ndarray], target: Callable, arrays: dict[str, np.ndarray]) -> dict:
    """Call the target with arrays, and with keyword arguments that are plain numbers.

    ``cases`` is a list of ``{"args": [names of arrays], "with": {keyword: number}}``.
    """

    def run(i, case):
        def call(inputs):
            return {"output": describe(target(*inputs, **case.get("with", {})), f"output{i}", arrays)}

        return _on_copies(given, case, call)

    return {"results": [attempt(run, i, case, target) for i, case in enumerate(asked["cases"])]}


def sampler(asked: dict, given: dict[str, np.ndarray], target: Callable, arrays: dict[str, np.ndarray]) -> dict:
    """Call the target with an array of codes, then the function that it returns with ``(n, seed)``.

    ``cases`` is a list of ``{"args": [name of an array], "calls": [[n, seed], ...]}``.
    """

    def run(i, case):
        def call(inputs):
            sample = target(*inputs)
            if not callable(sample):
                return {"returned": describe(sample, f"returned{i}", arrays)}

            def draw(j, arguments):
                return {"output": describe(sample(*arguments), f"output{i}.{j}", arrays)}

            return {"calls": [attempt(draw, j, arguments, target) for j, arguments in enumerate(case["calls"])]}

        return _on_copies(given, case, call)

    return {"results": [attempt(run, i, case, target) for i, case in enumerate(asked["cases"])]}


def score(asked: dict, given: dict[str, np.ndarray], target: Callable, arrays: dict[str, np.ndarray]) -> dict:
    """Call the target with images and with an encoder and a decoder whose weights are in the request.

    ``cases`` is a list of ``{"args": [name of an array of images]}``. The arrays ``encoder.0`` to
    ``encoder.5`` and ``decoder.0`` to ``decoder.3`` are the weights in the order of Keras.
    """
    halves = _halves(given)

    def run(i, case):
        return _on_copies(
            given, case, lambda inputs: {"output": describe(target(*inputs, *halves), f"output{i}", arrays)}
        )

    return {"results": [attempt(run, i, case, target) for i, case in enumerate(asked["cases"])]}


def _on_copies(given, case, call):
    """What ``call`` tells of arrays of its own, and which of them it changed."""
    before = [given[name].astype("float32") for name in case["args"]]
    inputs = [array.copy() for array in before]
    return {**call(inputs), "changed": changed(before, inputs)}


def changed(before: list[np.ndarray], after: list[np.ndarray]) -> list[int]:
    """Which of the arrays, by number, are not what they were."""
    return [j for j, pair in enumerate(zip(before, after, strict=True)) if not np.array_equal(*pair, equal_nan=True)]


def attempt(run: Callable, i: int, case: object, target: Callable) -> dict:
    """What ``run(i, case)`` returns, or a description of the exception that it raises; a stub's is raised again."""
    try:
        return run(i, case)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if is_stub(error, target):
            raise
        return {"error": error_of(error)}


def _halves(given):
    """The encoder and the decoder of an MLP VAE, as notebook 2 makes them."""
    import keras
    from keras import layers

    pixels, units = given["encoder.0"].shape
    latent_dim = given["decoder.0"].shape[0]
    x, z = keras.Input((pixels,), name="x"), keras.Input((latent_dim,), name="z")
    hidden = layers.Dense(units, activation="relu", name="hidden")(x)
    heads = [layers.Dense(latent_dim, name=name)(hidden) for name in ("z_mean", "z_log_var")]
    encoder = keras.Model(x, heads, name="mlp_encoder")
    hidden = layers.Dense(units, activation="relu", name="hidden")(z)
    decoder = keras.Model(z, layers.Dense(pixels, activation="sigmoid", name="x_decoded")(hidden), name="mlp_decoder")
    encoder.set_weights([given[f"encoder.{i}"].astype("float32") for i in range(6)])
    decoder.set_weights([given[f"decoder.{i}"].astype("float32") for i in range(4)])
    return encoder, decoder
