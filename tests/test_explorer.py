"""The explorer in the kernel: what it accepts, what it decodes, what it answers to the browser, what it saves.

What a person does with it in a browser is tested in tests/browser.
"""

import base64
import html
import io
import json
import re

import ipywidgets as widgets
import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from scipy.stats import norm

from vaelab import models, profiles, reference
from vaelab.explorer import LatentExplorer, decoding, stage
from vaelab.explorer.decoding import Grid, PixelDecoder

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


def controls(explorer, kind=widgets.Widget, parent=None):
    """All widgets of a kind inside an explorer, by what a person reads on them."""
    found = {}
    for child in (parent or explorer).children:
        if isinstance(child, kind):
            found.setdefault(getattr(child, "description", ""), []).append(child)
        if hasattr(child, "children"):
            for name, more in controls(explorer, kind, child).items():
                found.setdefault(name, []).extend(more)
    return found


def control(explorer, name):
    (found,) = controls(explorer)[name]
    return found


def text_of(explorer):
    """All that the explorer says in HTML, without tags."""
    parts = [child.value for child in controls(explorer, widgets.HTML).get("", [])]
    return html.unescape(re.sub(r"<[^>]+>", " ", " ".join(parts)))


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
    expected = keras.ops.convert_to_numpy(model(np.array([z], "float32"))).reshape(shape) * 255
    assert np.abs(decoder(z) - expected).max() <= 0.5 + 1e-3
    assert decoder(z).dtype == np.uint8


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 16])
def test_one_slider_of_each_unit_per_latent_dimension(latent_dim):
    explorer = LatentExplorer(decoder_to(9, latent_dim=latent_dim))
    sliders = controls(explorer, widgets.FloatSlider)
    assert [name for name in sliders] == [f"z{dim + 1}" for dim in range(latent_dim)]
    assert all(len(pair) == 2 for pair in sliders.values())
    assert explorer.z.shape == (latent_dim,)


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
    assert np.abs(explorer.z - keras.ops.convert_to_numpy(z_mean)[0]).max() <= 0.011  # a step of the slider is 0.02


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
        ({"images": np.full((30, 8, 8), np.nan)}, "nan"),
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
        ({"encoder": encoder_of((8, 8))}, "Both an encoder and a posterior"),
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


# Pixels ---------------------------------------------------------------------------------


def worst_pixels(decoder, grid, n=4000):
    """The largest difference of blended and exact pixels at each of n random points."""
    z = np.random.default_rng(3).uniform(-grid.limit, grid.limit, size=(n, 2)).astype("float32")
    return np.concatenate(
        [np.abs(grid.blend(part) / 255 - decoder.images(part)).max((1, 2, 3)) for part in np.split(z, 8)]
    )


# The convolutional decoder has steeper borders between classes.
@pytest.mark.parametrize(
    ("load", "stated", "usual"),
    [(lambda: reference.load_mlp()[1], 0.125, 0.01), (reference.load_conv_decoder, 0.2, 0.02)],
    ids=["mlp", "conv"],
)
def test_blended_images_of_the_reference_decoders_keep_to_the_stated_error(load, stated, usual):
    decoder = PixelDecoder(load())
    grid = Grid.of(decoder, 3.5)
    worst = worst_pixels(decoder, grid)
    assert worst.max() <= grid.error <= stated
    assert np.median(worst) <= usual


def test_a_smooth_decoder_gets_the_coarse_grid_and_a_steep_one_the_fine_grid():
    smooth, steep = PixelDecoder(decoder_to(64)), PixelDecoder(reference.load_mlp()[1])
    coarse, fine = Grid.of(smooth, 3.5), Grid.of(steep, 3.5)
    assert (len(coarse.pixels), len(fine.pixels)) == decoding.GRID_SIZES
    assert worst_pixels(smooth, coarse).max() <= coarse.error <= decoding.GOOD_ENOUGH


def test_at_the_grid_points_the_blended_image_is_the_exact_one():
    decoder = PixelDecoder(decoder_to(5, 7, 3))
    grid = Grid.of(decoder, 3.0)
    for corner in ([-3.0, -3.0], [3.0, -3.0], [-3.0, 3.0], [3.0, 3.0], [0.0, 0.0]):
        assert np.abs(grid.blend([corner])[0] - decoder(corner)).max() < 1e-3


def test_images_too_large_for_a_grid_have_none():
    assert Grid.of(PixelDecoder(decoder_to(128, 128)), 3.0) is None


# The browser's questions ----------------------------------------------------------------


def browser_stage(explorer, monkeypatch):
    """The explorer's stage, and the list of what it sends from now on."""
    found = explorer._stage
    sent = []
    monkeypatch.setattr(found, "send", lambda message, buffers=(): sent.append((message, buffers)))
    return found, sent


def test_hello_is_answered_with_the_points_and_work_with_ever_finer_grids(explorer, posterior, labels, monkeypatch):
    browser, sent = browser_stage(explorer, monkeypatch)
    browser._answer(browser, {"kind": "hello", "view": "v"}, [])
    (points, (z_mean, classes)), (working, _) = sent
    assert points == {"kind": "points", "count": 30}
    assert np.array_equal(np.frombuffer(z_mean, "<f4").reshape(30, 2), posterior[0].astype("float32"))
    assert np.array_equal(np.frombuffer(classes, "u1"), labels)
    assert working == {"kind": "working", "view": "v"}

    while sent and sent[-1][0]["kind"] == "working":
        sent.clear()
        browser._answer(browser, {"kind": "work", "view": "v"}, [])
        for message, buffers in sent:
            if message["kind"] == "grid":
                assert len(buffers[0]) == message["n"] ** 2 * 64
                last = message
    grid = Grid.of(explorer._decoders[0], browser.limit)
    assert (last["n"], last["error"]) == (len(grid.pixels), grid.error)

    browser._answer(browser, {"kind": "hello", "view": "another view"}, [])
    assert "grid" in [message["kind"] for message, _ in sent], "a second view gets the grid that is there already"


def test_the_exact_image_is_the_decoders_output_rounded_to_8_bits(explorer, monkeypatch):
    browser, sent = browser_stage(explorer, monkeypatch)
    for ticket, z in enumerate(np.random.default_rng(5).normal(size=(20, 2)).tolist()):
        browser._answer(browser, {"kind": "decode", "view": "v", "ticket": ticket, "z": z, "rest": False}, [])
        message, (pixels,) = sent.pop()
        assert message == {"kind": "exact", "view": "v", "ticket": ticket}
        exact = explorer._decoders[0].images([z])[0]
        assert np.abs(np.frombuffer(pixels, "u1").reshape(8, 8, 1) - 255 * exact).max() <= 0.5 + 1e-3


def test_at_rest_the_nearest_training_images_are_shown(explorer, images, monkeypatch):
    browser, _ = browser_stage(explorer, monkeypatch)
    z = [0.5, 0.5]
    browser._answer(browser, {"kind": "decode", "view": "v", "ticket": 1, "z": z, "rest": True}, [])
    distances = np.square(images[::-1].reshape(30, -1) - explorer._decoders[0](z).ravel() / 255).sum(axis=1)
    shown = [
        value
        for child in controls(explorer, widgets.HTML)[""]
        for value in re.findall(r"Training image (\d+)", child.value)
    ]
    assert [int(index) for index in shown] == distances.argsort()[:6].tolist()


def test_asking_for_the_image_nearest_to_a_point_picks_it(explorer, posterior, monkeypatch):
    browser, _ = browser_stage(explorer, monkeypatch)
    browser._answer(browser, {"kind": "pick", "z": (posterior[0][17] + 0.001).tolist()}, [])
    assert control(explorer, "Image").value == 17
    assert np.abs(explorer.z - posterior[0][17]).max() <= 0.011


# Controls -------------------------------------------------------------------------------


def test_a_picked_image_is_described_in_nats(explorer, posterior, images):
    control(explorer, "Image").value = 7
    mean, log_var = (part[7].astype("float32").astype("float64") for part in posterior)
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1)
    decoded = explorer._decoders[0].images(mean)[0].ravel().astype("float64")
    x = images[7].ravel()
    nats = -(x * np.log(decoded) + (1 - x) * np.log1p(-decoded)).sum()
    said = text_of(explorer)
    assert "right" in said
    for value in (
        f"{kl[0]:.2f}",
        f"{kl[1]:.2f}",
        f"{kl.sum():.2f} nats",
        f"{nats:.1f} nats",
        f"{nats + kl.sum():.1f} nats",
    ):
        assert value in said
    for m, lv in zip(mean, log_var, strict=True):
        assert f"{m:+.2f} ± {np.exp(lv / 2):.2f}".replace("-", "−") in said


def test_choosing_a_class_picks_an_image_of_it(explorer, labels):
    for name, label in (("right", 1), ("left", 0)):
        control(explorer, "Class").value = label
        for _ in range(3):
            assert labels[control(explorer, "Image").value] == label
            assert f"Test image {control(explorer, 'Image').value}: {name}" in " ".join(text_of(explorer).split())
            control(explorer, "Another one").click()


def test_go_to_its_z_mean_brings_the_sliders_back(explorer, posterior):
    explorer.z = [2.0, -2.0]
    control(explorer, "Go to its z_mean").click()
    assert np.abs(explorer.z - posterior[0][0]).max() <= 0.011


def test_the_path_runs_straight_between_the_chosen_images(explorer, posterior):
    control(explorer, "Image").value = 3
    control(explorer, "From this image").click()
    control(explorer, "Image").value = 4
    control(explorer, "To this image").click()
    along = control(explorer, "Along")
    for share in (0.25, 0.5, 1, 0):
        along.value = int(share * along.max)
        between = (1 - share) * posterior[0][3] + share * posterior[0][4]
        assert np.abs(explorer.z - between).max() <= 0.011
    assert explorer._stage.path == [pytest.approx(posterior[0][index].tolist()) for index in (3, 4)]


def shown(html_text, alt):
    """Pixels of the image with that alternative text."""
    source = re.search(rf'<img alt="{alt}[^"]*" src="data:image/png;base64,([^"]+)"', html_text).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))


def test_the_cross_fade_mixes_pixels_and_the_path_decodes(explorer, images, posterior):
    along = control(explorer, "Along")
    start, end = explorer._ends
    along.value = along.max // 2
    said = " ".join(child.value for child in controls(explorer, widgets.HTML)[""])
    fade = shown(said, "Mixture")
    assert np.abs(fade - 255 * (images[start] + images[end]) / 2).max() <= 0.51
    middle = (posterior[0][start] + posterior[0][end]) / 2
    assert np.abs(shown(said, "Decoded 50%") - 255 * explorer._decoders[0].images(middle)[0, ..., 0]).max() <= 0.51


def test_switching_the_decoder_switches_map_and_table(images, posterior):
    other = (posterior[0][::-1], posterior[1])
    explorer = LatentExplorer(
        {"one": decoder_to(64), "two": decoder_to(64, seed=1)},
        images=images,
        posterior={"one": posterior, "two": other},
    )
    assert "encoded for one" in text_of(explorer)
    control(explorer, "Map of").value = 1
    assert "encoded for two" in text_of(explorer)
    assert explorer._stage.active == 1
    assert explorer._stage.image["mean"] == pytest.approx(other[0][0].tolist())


def test_a_decoder_without_posterior_says_so(images, posterior):
    explorer = LatentExplorer(
        {"one": decoder_to(64), "two": decoder_to(64, seed=1)}, images=images, posterior={"two": posterior}
    )
    assert "one has no posterior" in text_of(explorer)
    control(explorer, "Map of").value = 1
    assert "encoded for two" in text_of(explorer)


def test_the_unit_toggle_shows_the_other_sliders(explorer):
    latent, quantile = controls(explorer, widgets.FloatSlider)["z1"]
    assert quantile.min < norm.cdf(-2.8) < norm.cdf(2.8) < quantile.max
    control(explorer, "Sliders in").value = "prior quantiles"
    assert explorer._stage.unit == "quantile"


def test_z_can_be_set_and_wrong_values_are_refused(explorer):
    explorer.z = [0.5, 100]
    assert explorer.z.tolist() == [0.5, explorer._sliders[1].max]
    for wrong in ([1.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="expected 2 finite"):
            explorer.z = wrong


# Where there is no browser, no kernel, no anywidget -------------------------------------


def test_without_a_kernel_there_is_a_static_figure_with_alternative_text(explorer):
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    alt = re.search(r'<img alt="([^"]+)"', bundle["text/html"]).group(1)
    assert alt.startswith("Images decoded by decoder_0") and "z1 from left to right and z2 from bottom to top" in alt
    assert alt in bundle["text/plain"]
    grid = shown(bundle["text/html"], "Images")
    decoder = explorer._decoders[0]
    n = grid.shape[0] // 8
    quantiles = norm.ppf((np.arange(n) + 0.5) / n)
    assert np.array_equal(grid[-8:, :8], decoder([quantiles[0], quantiles[0]])[..., 0]), (
        "lower left: smallest z1 and z2"
    )
    assert np.array_equal(grid[:8, :8], decoder([quantiles[0], quantiles[-1]])[..., 0]), "upper left: largest z2"


def test_a_saved_notebook_grows_by_less_than_a_megabyte_even_with_the_state_of_all_widgets():
    existing = set(widgets.Widget.get_manager_state()["state"])
    rng = np.random.default_rng(0)
    n = 2000
    explorer = LatentExplorer(
        {"MLP": reference.load_mlp()[1], "conv": models.make_conv_decoder(2, 128)},
        images=rng.uniform(size=(n, 28, 28)).astype("float32"),
        labels=np.arange(n) % 10,
        posterior={name: (rng.normal(size=(n, 2)), rng.normal(size=(n, 2))) for name in ("MLP", "conv")},
        train_images=rng.uniform(size=(n, 784)).astype("float32"),
    )
    explorer._rested([0, 0], [decoder([0, 0]) for decoder in explorer._decoders])
    state = {key: value for key, value in widgets.Widget.get_manager_state()["state"].items() if key not in existing}
    assert len(json.dumps(explorer._repr_mimebundle_())) + len(json.dumps(state)) < 1_000_000


def test_without_anywidget_a_plain_image_follows_the_sliders(monkeypatch, images, labels, posterior):
    monkeypatch.setattr(stage, "anywidget", None)
    explorer = LatentExplorer(decoder_to(64), images=images, labels=labels, posterior=posterior, class_names=CLASSES)
    (picture,) = controls(explorer, widgets.Image)[""]
    assert picture.tooltip == "Image decoded by decoder_0"

    def pixels():
        return np.asarray(Image.open(io.BytesIO(picture.value)))

    explorer.z = [1.0, -0.5]
    assert np.array_equal(pixels(), explorer._decoders[0]([1.0, -0.5])[..., 0])
    latent, quantile = controls(explorer, widgets.FloatSlider)["z1"]
    assert quantile.value == pytest.approx(norm.cdf(1.0))
    quantile.value = 0.2
    assert latent.value == pytest.approx(norm.ppf(0.2))
    assert np.array_equal(pixels(), explorer._decoders[0]([norm.ppf(0.2), -0.5])[..., 0])
    control(explorer, "Image").value = 5
    assert np.abs(explorer.z - posterior[0][5]).max() <= 0.011
