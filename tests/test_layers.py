"""``vaelab.layers``: the faster convolution is Keras's, weights, configuration, results and gradients."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from vaelab.layers import Conv2D, faster, projects_well

CASES = [
    dict(filters=filters, kernel_size=size, padding=padding, strides=strides)
    for filters, size, padding, strides in itertools.product((1, 3), (1, 2, 3, (2, 3)), ("valid", "same"), (1, 2))
]


def pair(**config):
    """Keras's layer and ours with the same weights."""
    plain, fast = layers.Conv2D(**config), Conv2D(**config)
    for layer in (plain, fast):
        layer.build((None, 6, 7, 12))
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=weight.shape).astype("float32") for weight in plain.weights]
    plain.set_weights(weights)
    fast.set_weights(weights)
    return plain, fast


def output_and_gradients(layer, x, toward):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = ops.sum(y * toward)
    return [y, *tape.gradient(loss, [x, *layer.trainable_variables])]


@pytest.mark.parametrize("config", CASES, ids=str)
def test_results_and_gradients_are_those_of_keras(config):
    plain, fast = pair(**config, activation="sigmoid")
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(size=(3, 6, 7, 12)).astype("float32"))
    toward = rng.normal(size=plain(x).shape).astype("float32")
    for ours, keras_own in zip(output_and_gradients(fast, x, toward), output_and_gradients(plain, x, toward), strict=True):
        # float32 rounding of sums of at most a few hundred terms of order 1
        np.testing.assert_allclose(ours, keras_own, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "config",
    [dict(groups=2, filters=2), dict(dilation_rate=2), dict(strides=2), dict(use_bias=False), dict(filters=12), dict(activation="relu")],
    ids=str,
)
def test_every_configuration_gives_what_keras_gives(config):
    plain, fast = pair(**{"filters": 1, "kernel_size": 2, **config})
    x = np.random.default_rng(2).normal(size=(2, 6, 7, 12)).astype("float32")
    np.testing.assert_allclose(fast(x), plain(x), rtol=1e-4, atol=1e-4)


def test_only_few_filters_of_plain_convolutions_are_projected():
    def projected(**config):
        return projects_well(layers.Conv2D(**{"filters": 1, "kernel_size": 2, **config}), channels=32)

    assert projected() and projected(padding="same") and projected(filters=8)
    assert not any([projected(filters=9), projected(strides=2), projected(dilation_rate=2), projected(filters=2, groups=2)])


def test_configuration_and_saved_weights_are_those_of_keras(tmp_path):
    plain, fast = pair(filters=2, kernel_size=2, padding="same")
    assert {**fast.get_config(), "name": ""} == {**plain.get_config(), "name": ""}
    x = np.random.default_rng(3).normal(size=(2, 6, 7, 12)).astype("float32")
    model = keras.Sequential([keras.Input((6, 7, 12)), fast])
    model.save_weights(tmp_path / "fast.weights.h5")
    again = keras.Sequential([keras.Input((6, 7, 12)), layers.Conv2D(2, 2, padding="same")])
    again.load_weights(tmp_path / "fast.weights.h5")
    np.testing.assert_allclose(again(x), model(x), rtol=1e-4, atol=1e-4)


def test_within_the_block_a_model_computes_the_fast_way_and_afterwards_it_is_unchanged():
    inner = keras.Sequential([keras.Input((5, 5, 8)), layers.Conv2D(1, 2)])
    model = keras.Sequential([keras.Input((6, 6, 8)), layers.Conv2D(8, 2), inner])
    own = type("Own", (layers.Conv2D,), {})(1, 1)
    model.add(own)
    with pytest.raises(RuntimeError, match="inside"), faster(model):
        assert type(inner.layers[0]) is Conv2D
        assert type(own).__name__ == "Own"
        raise RuntimeError("inside")
    assert type(inner.layers[0]) is type(model.layers[0]) is layers.Conv2D
