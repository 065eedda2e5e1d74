"""What the networks do in a step: which weights a gradient reaches, whether normalisation learns, what the heads can say."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from vaelab.doctor.parts import Parts
from vaelab.doctor.step import Slot, StepError
from vaelab.doctor.weigh import Weigher

#: Standard deviation of what a head is given, to see which values it can return.
WIDE = 50.0


class Training(NamedTuple):
    """One whole step of training.

    Attributes
    ----------
    logs : dict of str to float
        What the step reports.
    unreached : list of str
        Weights for which the gradient is missing or zero.
    left_out : list of str
        Trainable weights of layers that run, and that no optimiser is given.
    frozen : list of str
        Layers with weights that are set not to be trained.
    still : list of str
        Batch normalisations whose moving averages did not move.
    normalisations : int
        How many there are.
    """

    logs: dict[str, float]
    unreached: list[str]
    left_out: list[str]
    frozen: list[str]
    still: list[str]
    normalisations: int


def training(parts: Parts) -> Training:
    """Take one step to its end, all but the optimiser's update.

    Raises
    ------
    vaelab.doctor.step.StepError
        If the step fails after the loss is known.
    """
    model, layers = parts.steps.model, parts.steps.layers
    normal = [layer for layer in layers.values() if isinstance(layer, keras.layers.BatchNormalization)]
    means = [layer.moving_mean.numpy().copy() for layer in normal]
    before = [mean + 1 for mean in means]  # after many steps on one batch, an average has arrived and moves no more
    for layer, mean in zip(normal, before):
        layer.moving_mean.assign(mean)
    try:
        logs, pairs, applied, _ = parts.steps.whole(parts.data, seed=1)
        after = [layer.moving_mean.numpy() for layer in normal]
    finally:
        for layer, mean in zip(normal, means):
            layer.moving_mean.assign(mean)
    given = {id(v) for v in applied} | {_raw(v) for v in applied}
    reached = {_raw(v) for v, g in pairs if g is not None and np.any(_dense(g))}
    unreached = list({_raw(v): _name(v) for v, _ in pairs if _raw(v) not in reached}.values())
    used = _weights(layer for layer in layers.values() if not isinstance(layer, keras.Model) or layer is model)
    used += [v for layer in layers.values() for v in vars(layer).values() if _forgotten(v)]
    left_out = [] if not applied else [_name(v) for v in used if id(v) not in given and _raw(v) not in given]
    frozen = [
        layer.name
        for layer in layers.values()
        if isinstance(layer, keras.Layer) and not layer.trainable and getattr(layer, "_trainable_variables", None)
    ]
    left_out = [name for name in left_out if name not in unreached] if pairs else []
    still = [
        layer.name for layer, old, new in zip(normal, before, after) if layer.trainable and np.array_equal(new, old)
    ]
    return Training(numbers(logs), unreached, left_out, frozen, still, len(normal))


def _weights(layers):
    found = {}
    for layer in layers:
        for v in getattr(layer, "trainable_variables", None) or ():
            found.setdefault(id(v), v)
    return list(found.values())


def _forgotten(value):
    """A weight that Keras does not know of: layers keep track of its own variables alone."""
    return isinstance(value, tf.Variable) and value.trainable and value.shape.rank


def _raw(v):
    return id(getattr(v, "value", v))


def _name(v):
    return str(getattr(v, "path", None) or v.name)


def _dense(gradient):
    return tf.convert_to_tensor(gradient).numpy()


def numbers(logs) -> dict[str, float]:
    """The scalars among what a training step returns, by name."""
    found = {}
    for key, value in (logs or {}).items() if isinstance(logs, dict) else ():
        for name, number in value.items() if isinstance(value, dict) else ((key, value),):
            array = np.asarray(number)
            if array.size == 1 and array.dtype.kind in "fiu":
                found[str(name)] = float(array.reshape(()))
    return found


class Slopes(NamedTuple):
    """Whether gradients pass, by what they are taken with respect to: z_mean, z_log_var."""

    reconstruction: tuple[bool, ...]
    kl: tuple[bool, ...]


def slopes(weigher: Weigher) -> Slopes:
    """Follow the gradients of both terms back to the posterior's parameters, by automatic differentiation."""
    parts = weigher.parts
    put = {slot: parts.values(parts.base, slot) for slot in (parts.z_mean, parts.z_log_var)}
    m, v = weigher.posterior(0.3, 1.0, scales=(0.3, 0.9))
    put = dict(zip(put, (m, v)))
    both = parts.run(1, put, gradients=True).gradients
    fixed = parts.run(1, {**put, parts.x_decoded: weigher.x_fixed}, gradients=True).gradients[:2]
    return Slopes(
        tuple(bool(np.abs(b - f).max() > 1e-6 * max(1e-9, np.abs(b).max())) for b, f in zip(both, fixed)),
        tuple(bool(np.abs(f).max() > 0) for f in fixed),
    )


def range_of(parts: Parts, slot: Slot) -> tuple[np.ndarray, str] | None:
    """What the layer at the slot returns for wide inputs, ``(N, size)``, and its name; None where it cannot be called alone."""
    layer = parts.steps.layers[slot.wire.layer]
    inputs = [w for w in parts.base.wires if w[:3] == (slot.wire.layer, slot.wire.call, "in")]
    if slot.wire.side != "out" or len(inputs) != 1:
        return None
    like = parts.base.wires[inputs[0]]
    wide = np.random.default_rng(5).normal(0, WIDE, (200, *like.shape[1:]))
    try:
        output = keras.tree.flatten(layer(tf.cast(wide, like.dtype)))[slot.wire.place]
    except Exception as error:
        raise StepError(f"{type(error).__name__}: {error}") from error
    values = np.asarray(slot.of(output)).astype("float64")
    return (values.reshape(len(values), -1), parts.name(slot)) if np.isfinite(values).all() else None
