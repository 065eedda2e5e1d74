import gc
import logging
import subprocess
import sys
import weakref
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from vaelab import data, metrics, profiles

# Known values by copy of the data: (entropy floor, pixel-mean model), nats per test image.
# The full set's are the landmarks of every learning curve.
FLOORS = {"quick": (189.42, 384.06)}
if data.DEBIAN_FOLDER.is_dir():
    FLOORS["full"] = (189.9, 385.0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("profile", FLOORS)
def test_the_landmarks_are_reproduced(profile):
    images = data.load(profiles.PROFILES[profile])
    floor, pixel_mean = FLOORS[profile]
    assert metrics.entropy_floor(images.x_test) == pytest.approx(floor, abs=0.05)
    assert metrics.pixel_mean_nll(images.x_train, images.x_test) == pytest.approx(pixel_mean, abs=0.05)


def test_bernoulli_nll_is_a_sum_over_pixels_in_nats(rng):
    x = rng.random((7, 784)).astype("float32")
    assert metrics.bernoulli_nll(x, np.full_like(x, 0.5)) == pytest.approx(np.full(7, 784 * np.log(2)))


def test_bernoulli_nll_matches_the_formula_image_by_image(rng):
    x, p = rng.random((1005, 12)), rng.uniform(0.1, 0.9, (1005, 12))  # more than one chunk
    expected = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)
    assert metrics.bernoulli_nll(x, p) == pytest.approx(expected)


def test_bernoulli_nll_takes_flat_images_and_images_with_a_channel_alike(rng):
    x, p = rng.random((3, 28, 28)), rng.random((3, 28, 28, 1))
    assert metrics.bernoulli_nll(x, p) == pytest.approx(metrics.bernoulli_nll(x.reshape(3, 784), p.reshape(3, 784)))


def test_bernoulli_nll_stays_finite_when_a_certain_prediction_is_wrong():
    nll = metrics.bernoulli_nll(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]], "float32"))
    assert nll[0] == pytest.approx(-2 * np.log(metrics.EPSILON), rel=1e-6)


def test_no_prediction_gets_below_the_entropy_floor(rng):
    x = rng.random((50, 20))
    floor = metrics.entropy_floor(x)
    assert metrics.bernoulli_nll(x, x).mean() == pytest.approx(floor)
    assert metrics.bernoulli_nll(x, (x + 0.01).clip(0, 1)).mean() > floor


def test_binary_images_have_no_floor(rng):
    assert metrics.entropy_floor(rng.integers(0, 2, (5, 9))) == 0


def test_pixel_means_come_from_the_training_images():
    train, test = np.array([[0.0, 1.0], [0.5, 1.0]]), np.array([[1.0, 1.0]])
    assert metrics.pixel_mean_nll(train, test) == pytest.approx(-np.log(0.25), abs=1e-5)


@pytest.mark.parametrize(
    ("x", "p"),
    [
        (np.zeros((3, 784)), np.zeros((2, 784))),
        (np.zeros((3, 784)), np.zeros((3, 783))),
        (np.zeros((0, 784)), np.zeros((0, 784))),
        (np.zeros(784), np.zeros(784)),
        (np.full((3, 4), 255), np.zeros((3, 4))),
        (np.zeros((3, 4)), np.full((3, 4), np.nan)),
        (np.zeros((3, 4)), np.full((3, 4), -0.1)),
    ],
)
def test_bernoulli_nll_refuses_what_does_not_fit(x, p):
    with pytest.raises(ValueError, match="expected"):
        metrics.bernoulli_nll(x, p)


def test_knn_accuracy_of_separate_classes_is_one_and_of_swapped_ones_zero(rng):
    y = np.repeat([3, 8], 30)
    z = rng.normal(size=(60, 2)) + 20 * (y == 3)[:, None]
    assert metrics.knn_accuracy(z, y, z, y) == 1
    assert metrics.knn_accuracy(z, y, z, 11 - y) == 0


def test_knn_accuracy_takes_the_majority_not_the_nearest():
    z_train, y_train = [[0.1], [0.2], [0.3]], [0, 1, 1]
    assert metrics.knn_accuracy(z_train, y_train, [[0.0]], [1], k=3) == 1
    assert metrics.knn_accuracy(z_train, y_train, [[0.0]], [0], k=1) == 1


def test_knn_ties_go_to_the_class_of_the_nearest_neighbour_among_those_that_tie():
    z_train = [[0.1], [0.2], [0.3], [0.4], [0.5]]
    y_train = [7, 5, 2, 2, 5]  # 7 is nearest but has one vote; 5 and 2 have two, and 5 is nearer
    assert metrics.knn_accuracy(z_train, y_train, [[0.0]], [5], k=5) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": 11}, "10 training points"),
        ({"y_train": np.zeros(9, int)}, r"y_train \(9,\)"),
        ({"z_test": np.zeros((4, 3))}, "latent dimensions"),
        ({"z_train": np.full((10, 2), np.nan)}, "NaN"),
        ({"z_test": np.zeros(4)}, "z_test"),
    ],
)
def test_knn_accuracy_refuses_what_does_not_fit(change, message):
    arguments = {
        "z_train": np.zeros((10, 2)),
        "y_train": np.zeros(10, int),
        "z_test": np.zeros((4, 2)),
        "y_test": np.zeros(4, int),
    }
    with pytest.raises(ValueError, match=message):
        metrics.knn_accuracy(**{**arguments, **change})


@pytest.fixture
def encoder():
    x = keras.Input((6,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dropout(0.9)(x))
    return keras.Model(x, [keras.layers.Dense(2)(hidden), keras.layers.Dense(2)(hidden)])


@pytest.fixture
def decoder():
    z = keras.Input((2,))
    return keras.Model(z, keras.layers.Dense(6, activation="sigmoid")(z))


def test_encode_gives_every_image_once_in_inference_mode(encoder, rng):
    x = rng.random((23, 6), dtype="float32")
    z_mean, z_log_var = metrics.encode(encoder, x, batch_size=10)  # the last batch is a part
    expected_mean, expected_log_var = encoder(x, training=False)
    np.testing.assert_allclose(z_mean, expected_mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(z_log_var, expected_log_var, rtol=1e-5, atol=1e-6)


def test_decode_takes_float64_points_and_gives_numpy_images(decoder, rng):
    z = rng.normal(size=(7, 2))
    images = metrics.decode(decoder, z)
    assert isinstance(images, np.ndarray) and images.shape == (7, 6)
    np.testing.assert_allclose(images, decoder(z.astype("float32")), rtol=1e-5)


def test_decode_sees_weights_that_changed_since_the_last_call(decoder):
    z = np.ones((1, 2))
    metrics.decode(decoder, z)
    decoder.set_weights([np.zeros_like(weight) for weight in decoder.get_weights()])
    assert metrics.decode(decoder, z) == pytest.approx(0.5)


def test_decode_traces_a_model_once_for_all_batch_sizes_when_that_pays(rng):
    traced = []

    class Counting(keras.Model):
        def call(self, z):
            traced.append(z.shape)
            return z

    model = Counting()
    model(np.zeros((1, 2), "float32"))
    traced.clear()
    plain = metrics._WORTH_COMPILING - 1
    for n in range(1, plain + 5):
        metrics.decode(model, np.zeros((n, 2)))
    assert [tuple(shape) for shape in traced] == [*((n, 2) for n in range(1, plain + 1)), (None, 2)]


def test_models_are_not_kept_alive():
    def decode_with_a_model_of_its_own():
        z = keras.Input((2,))
        model = keras.Model(z, keras.layers.Dense(6)(z))
        metrics.decode(model, np.zeros((3, 2)))
        return weakref.ref(model)

    model = decode_with_a_model_of_its_own()
    gc.collect()
    assert model() is None


def test_many_models_are_called_without_a_warning_of_retracing(caplog, monkeypatch):
    caplog.set_level(logging.WARNING, logger="tensorflow")  # as in a notebook
    monkeypatch.setattr(logging.getLogger("tensorflow"), "handlers", [caplog.handler])
    for _ in range(8):
        z = keras.Input((2,))
        model = keras.Model(z, keras.layers.Dense(6)(z))
        metrics.decode(model, np.zeros((3, 2)))
        metrics.decode(model, np.zeros((metrics._WORTH_COMPILING, 2)), batch_size=1)
    assert caplog.messages == []


@pytest.mark.parametrize("x", [np.zeros((3, 5)), np.zeros(6), np.zeros((0, 6)), np.zeros((2, 6, 1))])
def test_encode_refuses_images_of_another_shape(encoder, x):
    with pytest.raises(ValueError, match="shape"):
        metrics.encode(encoder, x)


def test_encode_refuses_a_model_with_one_output(decoder):
    with pytest.raises(ValueError, match=r"\[z_mean, z_log_var\]"):
        metrics.encode(decoder, np.zeros((3, 2)))


def test_decode_refuses_a_model_with_two_outputs(encoder):
    with pytest.raises(ValueError, match="expected one"):
        metrics.decode(encoder, np.zeros((3, 6)))


def test_importing_metrics_and_plots_does_not_import_tensorflow_or_pyplot():
    code = "import sys, vaelab.metrics, vaelab.plots; print({'tensorflow', 'keras', 'matplotlib.pyplot'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


@pytest.mark.parametrize("largest, most", [((29, 29, 32), 26), ((784,), 500), ((10**9,), 25), ((None, 7), 100)])
def test_as_many_are_decoded_at_once_as_keep_the_largest_layer_in_the_cache(largest, most):
    class Decoder:
        def __init__(self, *shapes):
            self.layers = [SimpleNamespace(output=SimpleNamespace(shape=(None, *shape))) for shape in shapes]

        def __call__(self, z, training):
            assert len(z) <= most
            return np.asarray(z)

    shapes = [largest] if None in largest else [(2,), largest]
    z = np.random.default_rng(0).normal(size=(most + 1, 2)).astype("float32")
    np.testing.assert_array_equal(metrics.decode(Decoder(*shapes), z), z)
