"""What the kernel answers to the page of an explorer."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from small_explorer import CLASSES, answer, decoder_to, encoder_of, numbers

from vaelab import models
from vaelab.explorer import LatentExplorer
from vaelab.explorer.program import export


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
