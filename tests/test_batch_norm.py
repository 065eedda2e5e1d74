"""``vaelab.training.batch_norm``: the faster normalisation is Keras's, weights, configuration, results and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from vaelab.training.batch_norm import BatchNormalization, faster, fuses

OPTIONS = [
    {},
    {"momentum": 0.9},
    {"epsilon": 0.1},
    {"axis": 3},
    {"center": False},
    {"scale": False},
    {"axis": 1},
    {"trainable": False},
]
SHAPES = [(4, 6, 5, 3), (2, 3, 3, 8), (1, 4, 4, 2), (7, 1, 1, 3), (9, 3)]


def pair(shape, **config):
    """Keras's layer and ours with the same weights."""
    plain, fast = layers.BatchNormalization(**config), BatchNormalization(**config)
    for layer in (plain, fast):
        layer.build(shape)
    rng = np.random.default_rng(0)
    weights = [rng.uniform(0.5, 2, size=weight.shape).astype("float32") for weight in plain.weights]
    plain.set_weights(weights)
    fast.set_weights(weights)
    return plain, fast


def everything(layer, x, toward, training):
    """Output, gradients, and weights afterwards, running averages among them."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
        loss = ops.sum(y * toward)
    return [y, *tape.gradient(loss, [x, *layer.trainable_variables]), *layer.get_weights()]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("config", OPTIONS, ids=str)
def test_results_gradients_and_running_averages_are_those_of_keras(config, shape, training):
    if config.get("axis") == 3 and len(shape) < 4:
        shape = (*shape, 2, 2)
    plain, fast = pair(shape, **config)
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(1, 2, size=shape).astype("float32"))
    toward = rng.normal(size=shape).astype("float32")
    for ours, keras_own in zip(
        everything(fast, x, toward, training), everything(plain, x, toward, training), strict=True
    ):
        np.testing.assert_allclose(ours, keras_own, rtol=1e-3, atol=1e-4)


def test_maps_in_training_are_fused_and_nothing_else():
    maps, rows = tf.zeros((2, 3, 3, 4)), tf.zeros((2, 4))

    def fused(x, **config):
        return fuses(pair(x.shape, **config)[0], x)

    assert fused(maps) and fused(maps, momentum=0.5)
    assert not any(
        [
            fused(rows),
            fused(maps, axis=1),
            fused(maps, scale=False),
            fused(maps, center=False),
            fused(maps, trainable=False),
        ]
    )


def test_configuration_and_saved_weights_are_those_of_keras(tmp_path):
    plain, fast = pair((2, 3, 3, 4), momentum=0.9)
    assert {**fast.get_config(), "name": ""} == {**plain.get_config(), "name": ""}
    model = keras.Sequential([keras.Input((3, 3, 4)), fast])
    model.save_weights(tmp_path / "fast.weights.h5")
    again = keras.Sequential([keras.Input((3, 3, 4)), layers.BatchNormalization()])
    again.load_weights(tmp_path / "fast.weights.h5")
    x = np.random.default_rng(3).normal(size=(2, 3, 3, 4)).astype("float32")
    np.testing.assert_allclose(again(x), model(x, training=False), rtol=1e-5)


def test_within_the_block_a_model_computes_the_fast_way_and_afterwards_it_is_unchanged():
    inner = keras.Sequential([keras.Input((5, 5, 8)), layers.BatchNormalization()])
    own = type("Own", (layers.BatchNormalization,), {})()
    model = keras.Sequential([keras.Input((5, 5, 8)), layers.BatchNormalization(), inner, own])
    with pytest.raises(RuntimeError, match="inside"), faster(model):
        assert type(inner.layers[0]) is type(model.layers[0]) is BatchNormalization
        assert type(own).__name__ == "Own"
        raise RuntimeError("inside")
    assert type(inner.layers[0]) is type(model.layers[0]) is layers.BatchNormalization
