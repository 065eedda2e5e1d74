"""The replay of graphs: the states that weights are put into, what is measured in them, and which operations run."""

import numpy as np
import pytest

from vaelab.checks import PROTOCOL, replay
from vaelab.checks.replay.allowed import tame
from vaelab.checks.replay.claims import Refused
from vaelab.checks.student import probe


@pytest.fixture(autouse=True)
def the_same_weights():
    """Encoders start with the same weights each time: some draws leave rectifiers shut."""
    import keras

    keras.utils.set_random_seed(3)


IMAGES = np.random.default_rng(1).uniform(size=(4, 8, 8, 1))


def replayed(make, steps, training=None):
    """The results and arrays of `steps` on the encoder that `make` builds for four images of 8×8."""
    return run(traced(make, training), steps)


def traced(make, training=None):
    """What the student's side tells of that encoder: the part of a request in JSON, and arrays."""
    traces = [{"shape": [4, 8, 8, 1], "training": training}]
    asked = {
        "protocol": PROTOCOL,
        "op": "trace",
        "args": [8, 8, 1, 2, 5],
        "traces": traces,
        "names": False,
        "sent": 10_000,
    }
    reply = probe.run({"json": asked, "arrays": {}}, make)
    assert reply["json"]["status"] == "ok", reply["json"]
    told = {"protocol": PROTOCOL, "traces": traces, "graphs": reply["json"]["graphs"]}
    return told | {"variables": reply["json"]["variables"]}, reply["arrays"]


def run(encoder, steps):
    told, arrays = encoder
    steps = [{"graph": 0, "x": "x", **step} for step in steps]
    request = {"json": {**told, "steps": steps}, "arrays": {**arrays, "x": IMAGES, "other": IMAGES * 0.2}}
    reply = replay.run(request)
    assert reply["json"]["status"] == "ok", reply["json"]
    return reply["json"]["steps"], reply["arrays"]


def outputs(result, arrays):
    return [arrays[item["array"]] for item in result["output"]["items"]]


def encoder(body):
    """A function that returns an encoder with this body between convolution and heads."""

    def make(rows, columns, channels, latent_dim, intermediate_dim):
        import keras
        from keras import layers

        x = keras.Input((rows, columns, channels))
        h = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
        return keras.Model(x, body(x, layers.BatchNormalization()(h), latent_dim))

    return make


def heads(x, h, latent_dim, **more):
    from keras import layers

    h = layers.Flatten()(h)
    return [layers.Dense(latent_dim, **more)(h), layers.Dense(latent_dim, **more)(h)]


PERTURB = {"do": "perturb", "seed": 3}


def test_heads_that_start_at_zero_come_alive_when_perturbed():
    make = encoder(lambda x, h, n: heads(x, h, n, kernel_initializer="zeros"))
    (start, perturbed), arrays = replayed(make, [{"do": "outputs"}, PERTURB])
    assert not any(head.any() for head in outputs(start, arrays))
    assert all(head.std(0).min() > 1e-4 for head in outputs(perturbed, arrays))


def test_a_weight_that_training_cannot_move_is_not_perturbed():
    def closed(x, h, n):
        import keras
        from keras import layers

        class Gate(layers.Layer):
            def build(self, shape):
                self.gate = self.add_weight(shape=(), initializer="zeros", name="bias")

            def call(self, z):
                return z * keras.ops.stop_gradient(keras.ops.convert_to_tensor(self.gate))

        return [Gate()(z) for z in heads(x, h, n)]

    (perturbed,), arrays = replayed(encoder(closed), [PERTURB])
    assert not any(head.any() for head in outputs(perturbed, arrays))


def test_a_redraw_starts_from_the_weights_as_handed_in():
    redraw = {"do": "redraw", "seed": 5, "gain": 1.4}
    (first, _, again), arrays = replayed(encoder(heads), [redraw, PERTURB, redraw])
    for a, b in zip(outputs(first, arrays), outputs(again, arrays)):
        np.testing.assert_array_equal(a, b)


def test_what_one_request_did_to_the_weights_the_next_does_not_see():
    encoded = traced(encoder(heads), training=True)
    (before,), first = run(encoded, [{"do": "outputs", "training": True}])
    run(encoded, [{"do": "train", "other": "other"}, PERTURB, {"do": "gradients"}])
    (after,), again = run(encoded, [{"do": "outputs", "training": True}])
    for a, b in zip(outputs(before, first), outputs(after, again)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["variables", "graph"])
def test_of_two_encoders_that_differ_in_little_each_has_its_own_outputs(name):
    told, arrays = traced(encoder(heads))
    (first,), ours = run((told, arrays), [{"do": "outputs"}])
    if name == "graph":
        theirs = {**arrays, "graph0": np.frombuffer(arrays["graph0"].tobytes().replace(b"Relu", b"Tanh"), np.uint8)}
    else:
        kernel = next(key for key, array in arrays.items() if array.ndim == 4)
        theirs = {**arrays, kernel: arrays[kernel] + 1}
    (other,), others = run((told, theirs), [{"do": "outputs"}])
    assert any(not np.allclose(a, b) for a, b in zip(outputs(first, ours), outputs(other, others)))


def test_a_gradient_that_no_request_has_read_yet_is_made():
    encoded = traced(encoder(heads))
    run(encoded, [{"do": "outputs"}])
    (found,), _ = run(encoded, [{"do": "gradients"}])
    (pixels,), _ = run(encoded, [{"do": "pixels", "within": [4, 4]}])
    assert all(size > 0 for size in found["images"]) and pixels["maps"] > 0


@pytest.mark.parametrize("beside, share", [(0.0, 1.0), (1.0, None)])
def test_the_two_parts_of_a_pixels_influence_add_up(beside, share):
    def body(x, h, n):
        from keras import layers

        a, b = heads(x, h, n), heads(x, x, n)
        return [layers.Add()([one, beside * other]) for one, other in zip(a, b)] if beside else a

    steps = [{"do": "pixels", "within": [4, 4]}, {"do": "gradients"}]
    (pixels, _), arrays = replayed(encoder(body), steps)
    whole, through = (arrays[pixels[key]["array"]] for key in ("all", "through"))
    assert pixels["maps"] > 0 and (whole > 0).all() and (through > 0).all()
    if share is not None:
        np.testing.assert_allclose(through, share * whole, rtol=1e-5)
    else:
        assert not np.allclose(through, whole, rtol=0.1)


def test_a_crop_is_no_small_map_after_a_convolution():
    (pixels,), _ = replayed(encoder(lambda x, h, n: heads(x, x[:, :4, :4], n)), [{"do": "pixels", "within": [4, 4]}])
    assert pixels["maps"] == 0


def test_moments_tell_a_normalised_channel():
    step = {"do": "train", "other": "other"}
    (trained,), _ = replayed(encoder(heads), [step], training=True)
    assert max(trained["changed"]) > 0
    last = [moments["axes"][-1] for moments in trained["moments"]]
    rows = [moments["axes"][0] for moments in trained["moments"] if len(moments["axes"]) == 3]
    assert min(axis["mean"] for axis in last) < 1e-3 < min(axis["mean"] for axis in rows)


def test_dropout_that_stays_on_shows_in_a_plain_call_only():
    def body(x, h, n):
        from keras import layers

        return heads(x, layers.Dropout(0.3)(h, training=True), n)

    assert [replayed(encoder(body), [{"do": "outputs"}], mode)[0][0]["steady"] for mode in (None, False)] == [
        False,
        True,
    ]


def test_pooling_in_regions_that_are_drawn_is_random_though_tensorflow_calls_it_stateless():
    def body(x, h, n):
        import tensorflow as tf
        from keras import layers

        class Regions(layers.Layer):
            def call(self, x):
                return tf.nn.fractional_max_pool(x, [1.0, 1.4, 1.4, 1.0], pseudo_random=True, seed=0)[0]

            def compute_output_shape(self, shape):
                return (*shape[:1], int(shape[1] / 1.4), int(shape[2] / 1.4), *shape[3:])

        return heads(x, Regions()(x), n)

    assert not replayed(encoder(body), [{"do": "outputs"}])[0][0]["steady"]


def test_the_widths_of_vectors_are_those_on_the_way():
    def body(x, h, n):
        from keras import layers

        return heads(x, layers.Dense(7, activation="relu")(layers.Flatten()(h)), n)

    (closed,), _ = replayed(encoder(body), [{"do": "widths"}])
    assert closed["hidden"] == [7] and not closed["open"] and 7 in closed["all"]
    (reads_maps,), _ = replayed(encoder(heads), [{"do": "widths"}])
    assert reads_maps["open"]


@pytest.mark.parametrize(
    "operation", ["ReadFile", "WriteFile", "PyFunc", "PyFuncStateless", "NoSuchOperation", "HashTableV2"]
)
def test_operations_that_reach_out_are_refused(operation):
    import tensorflow as tf

    with pytest.raises(Refused, match=operation[:8]):
        tame(tf.compat.v1.NodeDef(name="x", op=operation))


@pytest.mark.parametrize("operation", ["MatMul", "Conv2D", "AssignVariableOp", "StatelessRandomUniformV2", "While"])
def test_operations_that_compute_are_left_as_they_are(operation):
    import tensorflow as tf

    node = tf.compat.v1.NodeDef(name="x", op=operation, device="/gpu:0")
    tame(node)
    assert node.op == operation and node.device == ""


def test_what_prints_or_complains_does_nothing():
    import tensorflow as tf

    for operation in ("Assert", "PrintV2"):
        node = tf.compat.v1.NodeDef(name="x", op=operation, input=["a", "^b"])
        tame(node)
        assert node.op == "NoOp" and list(node.input) == ["^b"]
