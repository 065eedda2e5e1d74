"""What the explorer accepts: decoders of any shape, images, labels, posteriors; what does not fit is named."""

import keras
import numpy as np
import pytest
from keras import layers
from small_explorer import CLASSES, answer, decoder_to, encoder_of

from vaelab import profiles
from vaelab.explorer import LatentExplorer
from vaelab.explorer.networks import PixelDecoder


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


def test_z_begins_at_the_first_image_and_can_be_set(explorer, posterior):
    assert explorer.z == pytest.approx(posterior[0][0], abs=1e-6)
    explorer.z = [0.5, 100]
    assert explorer.z.tolist() == [0.5, explorer.limit]
    for wrong in ([1.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="expected 2 finite"):
            explorer.z = wrong
