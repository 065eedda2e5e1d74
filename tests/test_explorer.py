"""The explorer in the kernel: what it accepts, what it decodes, what it answers to the browser, what it saves.

What a person does with it in a browser is tested in tests/browser.
"""

import base64
import io
import json
import re
import subprocess
import sys

import ipywidgets as widgets
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image
from scipy.stats import norm

from vaelab import models, profiles, reference
from vaelab.explorer import LatentExplorer, saved
from vaelab.explorer.bundle import FOLDER, bundle
from vaelab.explorer.networks import PixelDecoder
from vaelab.explorer.program import Program, export
from vaelab.explorer.program.run import run

CLASSES = ("left", "right")


def decoder_to(*shape, latent_dim=2, activation="sigmoid", seed=0):
    """An untrained decoder to outputs of that shape, with weights large enough for varied images."""
    init = keras.initializers.RandomNormal(stddev=2.0, seed=seed)
    model = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(16, "tanh", kernel_initializer=init),
            layers.Dense(
                int(np.prod(shape)), activation, kernel_initializer=keras.initializers.RandomNormal(seed=seed)
            ),
            layers.Reshape(shape),
        ],
        name=f"decoder_{seed}",
    )
    return model


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(size=(30, 8, 8)).astype("float32")


@pytest.fixture
def labels():
    return np.arange(30) % 2


@pytest.fixture
def posterior():
    rng = np.random.default_rng(1)
    return rng.normal(size=(30, 2)), rng.normal(-3, 0.3, size=(30, 2))


@pytest.fixture
def explorer(images, labels, posterior):
    return LatentExplorer(
        decoder_to(64),
        images=images,
        labels=labels,
        posterior=posterior,
        train_images=images[::-1],
        class_names=CLASSES,
    )


def answer(explorer, message, *inputs):
    """What the kernel answers to one message of the page: (message, arrays)."""
    sent = []
    explorer.send = lambda reply, buffers=(): sent.append((reply, buffers))
    explorer._answer(explorer, {"view": "v", "ticket": 7, **message}, [np.float32(one).tobytes() for one in inputs])
    del explorer.send
    if not sent:
        return None
    ((reply, buffers),) = sent
    assert (reply["view"], reply["ticket"]) == ("v", 7)
    return reply, buffers


def numbers(entry, buffers):
    """The array that the JSON stands for."""
    return np.frombuffer(buffers[entry["buffer"]], {"f4": "<f4", "u1": "u1"}[entry["kind"]])


# What it accepts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "image_shape", "shape"),
    [
        ((784,), None, (28, 28, 1)),
        ((28, 28), None, (28, 28, 1)),
        ((28, 28, 1), None, (28, 28, 1)),
        ((12, 20, 3), None, (12, 20, 3)),
        ((60,), (5, 12), (5, 12, 1)),
        ((60,), (4, 5, 3), (4, 5, 3)),
    ],
)
def test_any_image_size_is_understood(output, image_shape, shape):
    model = decoder_to(*output)
    decoder = PixelDecoder(model, image_shape=image_shape)
    z = [0.3, -1.2]
    assert decoder.shape == shape
    expected = keras.ops.convert_to_numpy(model(np.array([z], "float32"))).reshape(shape)
    assert np.abs(decoder.images([z])[0] - expected).max() <= 1e-6


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 16])
def test_any_number_of_latent_dimensions_is_understood(latent_dim):
    explorer = LatentExplorer(decoder_to(9, latent_dim=latent_dim))
    assert explorer.z.shape == (latent_dim,)
    assert answer(explorer, {"kind": "hello"})[0]["header"]["latentDim"] == latent_dim


def test_a_subclassed_decoder_works_when_told_its_latent_dim():
    class Decoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(25, "sigmoid")

        def call(self, z):
            return self.dense(z)

    assert LatentExplorer(Decoder(), latent_dim=3).z.shape == (3,)
    with pytest.raises(ValueError, match="pass latent_dim"):
        LatentExplorer(Decoder())


def encoder_of(shape, latent_dim=2):
    x = keras.Input(shape)
    hidden = layers.Flatten()(x)
    return keras.Model(x, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])


@pytest.mark.parametrize("shape", [(64,), (8, 8), (8, 8, 1)])
def test_images_are_shaped_as_the_encoder_takes_them(shape, images):
    encoder = encoder_of(shape)
    explorer = LatentExplorer(decoder_to(64), encoder, images)
    z_mean, _ = encoder(images.reshape(-1, *shape))
    assert np.abs(explorer.z - keras.ops.convert_to_numpy(z_mean)[0]).max() <= 1e-6


WRONG = {
    "no model": (lambda: LatentExplorer([1, 2]), TypeError, "list.*expected a Keras model"),
    "an encoder": (lambda: LatentExplorer(encoder_of((8, 8))), ValueError, r"\(None, 8, 8\).*expected \(None, latent_dim\)"),
    "no square": (lambda: LatentExplorer(decoder_to(60)), ValueError, "60 values.*not a square.*image_shape"),
    "wrong image_shape": (lambda: LatentExplorer(decoder_to(60), image_shape=(7, 8)), ValueError, r"image_shape is \(7, 8\).*60 values"),
    "two channels": (lambda: LatentExplorer(decoder_to(4, 4, 2)), ValueError, "1 or 3 channels"),
    "outputs beyond [0, 1]": (lambda: LatentExplorer(decoder_to(64, activation="linear")), ValueError, r"pixel values from .* sigmoid"),
    "no decoders": (lambda: LatentExplorer({}), ValueError, "empty dict"),
    "decoders that differ": (
        lambda: LatentExplorer({"a": decoder_to(64), "b": decoder_to(64, latent_dim=3)}), ValueError, "need to be the same",
    ),
    "wrong latent_dim": (lambda: LatentExplorer(decoder_to(64), latent_dim=3), ValueError, r"\(None, 2\); expected \(None, 3\)"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_decoder_is_named_at_construction(case):
    build, error, message = WRONG[case]
    with pytest.raises(error, match=message):
        build()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((30, 9, 9), "float32")}, "images has shape.*64 values"),
        ({"images": np.full((30, 8, 8), 255.0)}, "ranges from 255.*Divide"),
        ({"images": np.full((30, 8, 8), np.nan)}, "NaN"),
        ({"images": None}, "labels are given, but no images"),
        ({"labels": np.zeros(29, int)}, r"labels has shape \(29,\)"),
        ({"labels": np.zeros(30)}, "integers"),
        ({"labels": np.full(30, 7)}, "7.*2 class names"),
        ({"train_images": np.zeros((3, 9, 9))}, "train_images has shape"),
        ({"posterior": np.zeros((3, 30, 2))}, "pair"),
        ({"posterior": (np.zeros((30, 3)), np.zeros((30, 3)))}, r"\(30, 3\); expected \(N, 2\)"),
        ({"posterior": (np.zeros((29, 2)), np.zeros((29, 2)))}, "29 rows.*30 images"),
        ({"posterior": (np.zeros((30, 2)), np.full((30, 2), np.inf))}, "NaN or infinite"),
        ({"posterior": {"other": None}}, "no decoder called other"),
        ({"encoder": encoder_of((8, 8))}, "Both an encoder and a posterior are given for"),
        ({"posterior": None, "encoder": encoder_of((9, 9))}, r"takes \(None, 9, 9\)"),
        ({"posterior": None, "encoder": encoder_of((8, 8), latent_dim=3)}, r"expected \(N, 2\)"),
    ],
)
def test_arguments_that_do_not_fit_together_are_named_at_construction(change, message, images, labels, posterior):
    arguments = {"images": images, "labels": labels, "posterior": posterior, "class_names": CLASSES}
    with pytest.raises(ValueError, match=message):
        LatentExplorer(decoder_to(64), **(arguments | change))


def test_several_decoders_need_posteriors_by_name(images, posterior):
    with pytest.raises(ValueError, match="expected a dict by name"):
        LatentExplorer({"a": decoder_to(64), "b": decoder_to(64)}, images=images, posterior=posterior)


def test_in_the_grading_profile_no_model_is_used_but_to_check_it(monkeypatch, images):
    monkeypatch.setenv(profiles.VARIABLE, "grading")

    def never(*args, **kwargs):
        raise AssertionError("the encoder was called")

    encoder = encoder_of((8, 8))
    monkeypatch.setattr(encoder, "call", never)
    explorer = LatentExplorer(decoder_to(64), encoder, images)
    assert explorer._repr_mimebundle_() == {"text/plain": "The explorer is not shown while grading."}
    with pytest.raises(ValueError, match="not a square"):
        LatentExplorer(decoder_to(60))


# What the page is given -----------------------------------------------------------------


def test_hello_is_answered_with_programs_codes_and_images(explorer, images, labels, posterior):
    message, buffers = answer(explorer, {"kind": "hello"})
    header = message["header"]
    json.dumps(header)
    assert (header["limit"], header["latentDim"], header["shape"]) == (explorer.limit, 2, [8, 8, 1])
    (decoder,) = header["decoders"]
    program = export(explorer.decoders[0].network.model, (2,))
    assert decoder["network"]["program"] == program.header()
    assert np.array_equal(numbers(decoder["network"]["numbers"], buffers), program.numbers())
    for name, part in (("mean", posterior[0]), ("logVar", posterior[1])):
        assert np.array_equal(numbers(decoder["posterior"][name], buffers).reshape(30, 2), part.astype("float32"))
    assert np.array_equal(numbers(header["labels"], buffers), labels)
    assert np.array_equal(numbers(header["images"]["pixels"], buffers), images.ravel()), "not 8-bit: all of it"
    assert [one["name"] for one in header["classes"]] == list(CLASSES)
    assert header["trainCount"] == 30 and header["trainImages"] is None, "training images stay in the kernel"


def test_eight_bit_images_travel_as_eight_bits():
    coarse = (np.arange(64 * 3) % 256 / 255).reshape(3, 8, 8).astype("float32")
    explorer = LatentExplorer(decoder_to(64), images=coarse, posterior=(np.zeros((3, 2)), np.zeros((3, 2))))
    message, buffers = answer(explorer, {"kind": "hello"})
    pixels = numbers(message["header"]["images"]["pixels"], buffers)
    assert pixels.dtype == np.uint8 and np.abs(pixels / 255 - coarse.ravel()).max() < 1e-6


def test_examples_let_the_page_compare_itself_with_keras(explorer):
    message, buffers = answer(explorer, {"kind": "hello"})
    examples = message["header"]["decoders"][0]["network"]["examples"]
    points = numbers(examples["inputs"], buffers).reshape(-1, 2)
    outputs = numbers(examples["outputs"], buffers).reshape(len(points), 64)
    assert np.abs(outputs - np.asarray(explorer.decoders[0].network.model(points))).max() <= 1e-6


def test_examples_of_an_encoder_hold_both_outputs_image_by_image(images):
    encoder = encoder_of((64,))
    explorer = LatentExplorer(decoder_to(64), encoder, images)
    message, buffers = answer(explorer, {"kind": "hello"})
    entry = message["header"]["decoders"][0]["encoder"]
    inputs = numbers(entry["examples"]["inputs"], buffers).reshape(-1, 64)
    outputs = numbers(entry["examples"]["outputs"], buffers).reshape(len(inputs), 2, 2)
    for k, part in enumerate(encoder(inputs)):
        assert np.abs(outputs[:, k] - np.asarray(part)).max() <= 1e-6


class Loud(layers.Layer):
    """A layer that no program knows."""

    def call(self, x):
        return tf.math.asinh(tf.math.sinh(x))

    def compute_output_shape(self, shape):
        return shape


def test_a_decoder_with_an_unknown_layer_is_decoded_in_the_kernel_and_the_page_says_why():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(16, "sigmoid"), Loud(name="loud")])
    explorer = LatentExplorer(model)
    message, _ = answer(explorer, {"kind": "hello"})
    network = message["header"]["decoders"][0]["network"]
    assert network["program"] is None and "Loud (loud)" in network["why"]
    z = [0.3, -0.8]
    message, (values,) = answer(explorer, {"kind": "run", "what": "decoder", "index": 0}, z)
    assert message["kind"] == "ran"
    assert np.abs(np.frombuffer(values, "<f4") - np.asarray(model(np.float32([z])))).max() <= 1e-6
    with pytest.raises(ValueError, match=r"cannot run sequential.*Loud \(loud\)"):
        explorer.save("never.html")


def test_the_kernel_encodes_where_the_page_cannot(images):
    x = keras.Input((64,))
    hidden = Loud()(layers.Dense(5)(x))
    encoder = keras.Model(x, [layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
    explorer = LatentExplorer(decoder_to(64), encoder, images)
    _, parts = answer(explorer, {"kind": "run", "what": "encoder", "index": 0}, images[4])
    for part, expected in zip(parts, encoder(images[4:5].reshape(1, 64)), strict=True):
        assert np.abs(np.frombuffer(part, "<f4") - np.asarray(expected)).max() <= 1e-6


def test_an_encoder_with_three_outputs_is_understood(images):
    x = keras.Input((64,))
    mean, log_var = layers.Dense(2)(x), layers.Dense(2)(x)
    encoder = keras.Model(x, [mean, log_var, models.Sampling()([mean, log_var])])
    explorer = LatentExplorer(decoder_to(64), encoder, images)
    assert explorer.encoders[0].program is not None
    assert np.abs(explorer.posteriors[0].z_mean - np.asarray(encoder(images.reshape(30, 64))[0])).max() <= 1e-5


def test_an_encoder_needs_no_images():
    explorer = LatentExplorer(decoder_to(64), encoder_of((8, 8, 1)))
    message, _ = answer(explorer, {"kind": "hello"})
    assert message["header"]["decoders"][0]["encoder"]["program"] and message["header"]["images"] is None


def test_the_training_images_nearest_to_an_image_are_found(explorer, images):
    message, (pixels,) = answer(explorer, {"kind": "neighbours"}, images[12])
    distances = np.square(images[::-1] - images[12]).sum(axis=(1, 2))
    assert message["indices"] == distances.argsort()[:6].tolist()
    assert np.array_equal(np.frombuffer(pixels, "<f4").reshape(6, 8, 8), images[::-1][message["indices"]])


def test_without_training_images_there_are_no_neighbours(images, posterior):
    explorer = LatentExplorer(decoder_to(64), images=images, posterior=posterior)
    assert answer(explorer, {"kind": "neighbours"}, images[0]) is None


# Programs without Keras -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["mlp", "conv"])
def test_the_stored_programs_are_the_reference_decoders(name):
    _, program = reference.programs(name)
    model = reference.load_mlp()[1] if name == "mlp" else reference.load_conv_decoder()
    z = np.random.default_rng(0).normal(0, 1.5, (200, 2)).astype("float32")
    expected = np.asarray(model(z))
    assert np.abs(run(program, z)[0] - expected).max() <= 2e-6
    assert np.abs(run(export(model, (2,)), z)[0] - expected).max() <= 2e-6


def test_the_stored_encoder_is_the_reference_encoder():
    images = np.random.default_rng(0).uniform(size=(50, 784)).astype("float32")
    for found, expected in zip(run(reference.programs("mlp")[0], images), reference.load_mlp()[0](images), strict=True):
        assert np.abs(found - np.asarray(expected)).max() <= 2e-5


def test_an_explorer_of_programs_needs_no_keras():
    _, decoder = reference.programs("mlp")
    assert isinstance(decoder, Program)
    explorer = LatentExplorer({"MLP": decoder})
    assert explorer.decoders[0].network.model is None
    assert explorer.decoders[0].shape == (28, 28, 1)


def test_opening_an_explorer_of_stored_programs_imports_neither_tensorflow_nor_keras():
    code = (
        "import sys; from vaelab import data, reference; from vaelab.explorer import LatentExplorer; "
        "encoder, decoder = reference.programs('mlp'); images = data.load(); "
        "LatentExplorer(decoder, encoder, images.x_test, images.y_test, train_images=images.x_train)._repr_mimebundle_(); "
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_numpy_says_which_step_it_does_not_run():
    program = export(keras.Sequential([keras.Input((2,)), layers.Dense(6), layers.LayerNormalization()]), (2,))
    with pytest.raises(NotImplementedError, match="normalise"):
        run(program, np.zeros((1, 2)))


# z --------------------------------------------------------------------------------------


def test_z_begins_at_the_first_image_and_can_be_set(explorer, posterior):
    assert explorer.z == pytest.approx(posterior[0][0], abs=1e-6)
    explorer.z = [0.5, 100]
    assert explorer.z.tolist() == [0.5, explorer.limit]
    for wrong in ([1.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="expected 2 finite"):
            explorer.z = wrong


# Where there is no kernel ---------------------------------------------------------------


def shown(html_text, alt):
    """Pixels of the image with that alternative text."""
    source = re.search(rf'<img alt="{alt}[^"]*" src="data:image/png;base64,([^"]+)"', html_text).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))


def test_without_a_kernel_there_is_a_still_figure_that_says_so(explorer):
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "A still picture" in bundle["text/html"]
    alt = re.search(r'<img alt="([^"]+)"', bundle["text/html"]).group(1)
    assert alt.startswith("Images decoded by decoder_0") and "z1 from left to right and z2 from bottom to top" in alt
    assert alt in bundle["text/plain"]
    grid = shown(bundle["text/html"], "Images")
    decoder = explorer.decoders[0]
    n = grid.shape[0] // 8
    quantiles = norm.ppf((np.arange(n) + 0.5) / n)
    for tile, z in ((grid[-8:, :8], [quantiles[0], quantiles[0]]), (grid[:8, :8], [quantiles[0], quantiles[-1]])):
        assert np.abs(tile - 255 * decoder.images([z])[0, ..., 0]).max() <= 0.51, "z1 to the right, z2 upwards"


def test_a_saved_notebook_grows_by_less_than_a_megabyte_even_with_the_state_of_all_widgets():
    existing = set(widgets.Widget.get_manager_state()["state"])
    rng = np.random.default_rng(0)
    n = 2000
    explorer = LatentExplorer(
        {"MLP": reference.programs("mlp")[1], "conv": reference.programs("conv")[1]},
        images=rng.uniform(size=(n, 28, 28)).astype("float32"),
        labels=np.arange(n) % 10,
        posterior={name: (rng.normal(size=(n, 2)), rng.normal(size=(n, 2))) for name in ("MLP", "conv")},
        train_images=rng.uniform(size=(n, 784)).astype("float32"),
    )
    state = {key: value for key, value in widgets.Widget.get_manager_state()["state"].items() if key not in existing}
    assert len(json.dumps(explorer._repr_mimebundle_())) + len(json.dumps(state)) < 1_000_000


def test_a_saved_page_has_as_many_images_as_fit(explorer, monkeypatch, tmp_path):
    path = explorer.save(tmp_path / "all.html")
    packed = json.loads(re.search(r'id="packed">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)[1])
    assert packed["header"]["images"]["indices"] == list(range(30))
    monkeypatch.setattr(saved, "LIMIT", path.stat().st_size - 5000)
    less = saved.page(explorer)
    assert len(less.encode()) <= saved.LIMIT
    packed = json.loads(re.search(r'id="packed">(.*?)</script>', less, re.DOTALL)[1])
    assert 0 < len(packed["header"]["images"]["indices"]) < 30


# The modules of the page ----------------------------------------------------------------


@pytest.mark.parametrize("entry", ["widget.js", "saved.js", "worker.js", "program.js"])
def test_a_bundle_has_every_module_once_before_it_is_used_and_imports_nothing(entry):
    source = bundle(entry)
    assert not re.search(r"^(import|export (?!const \w+ = module_))", source, re.MULTILINE)
    defined = re.findall(r"^const (module_\w+) =", source, re.MULTILINE)
    assert len(defined) == len(set(defined))
    for name in set(re.findall(r"= (module_\w+);", source)):
        assert source.index(f"const {name} =") < source.index(f"= {name};")


def test_every_function_of_the_page_is_short_and_every_module_has_one_purpose():
    for path in FOLDER.glob("*.js"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("//"), f"{path.name} begins with what it is for"
        assert len(lines) <= 300, path.name
        begun = None
        for number, line in enumerate(lines):
            if re.match(r"(export )?(async )?function |  (async )?#?\w+\(.*\) \{$", line):
                begun = number
            if begun is not None and line in ("}", "  }"):
                assert number - begun < 60, f"{path.name}, line {begun + 1}"
                begun = None
