"""Programs in Chromium against Keras: every layer kind, random decoders, and what no program knows."""

import base64

import decoders
import keras
import numpy as np
import pytest
import tensorflow as tf

from vaelab import reference
from vaelab.explorer.bundle import bundle
from vaelab.explorer.program import NotExportable, export

pytestmark = pytest.mark.browser

TOLERANCE = 2e-6  # of a pixel from 0 to 1
POINTS = 1000
RANDOM_DECODERS = 120

RUN = """([header, numbers, inputs, count]) => {
    const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    const run = compileProgram(header, floats(numbers));
    const z = floats(inputs), size = z.length / count, found = [];
    for (let n = 0; n < count; n++) found.push(...run(z.subarray(n * size, (n + 1) * size)).map((output) => Float32Array.from(output)));
    const bytes = new Uint8Array(found.length * found[0].byteLength);
    found.forEach((output, n) => bytes.set(new Uint8Array(output.buffer), n * output.byteLength));
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
}"""


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()


def interpreter_in(browser, first=""):
    """Runs programs in one page, after the script `first`: (program, inputs (N, ...)) to outputs (N, numbers)."""
    page = browser.new_page()
    page.add_script_tag(type="module", content=first + bundle("program.js") + "\nwindow.compileProgram = compile;")

    def run(program, inputs):
        text = page.evaluate(RUN, [program.header(), packed(program.numbers()), packed(inputs), len(inputs)])
        return np.frombuffer(base64.b64decode(text), np.float32).reshape(len(inputs), -1)

    yield run
    page.close()


@pytest.fixture(scope="module")
def interpreter(browser):
    yield from interpreter_in(browser)


@pytest.fixture(scope="module")
def plain_interpreter(browser):
    """The same in a browser without WebAssembly."""
    yield from interpreter_in(browser, "delete globalThis.WebAssembly;\n")


def check(interpreter, model, points):
    """The program's pixels against the model's, at draws from the prior; the points, and both kinds of pixels."""
    size = (getattr(model, "input_shape", None) or (None, 3))[1]
    z = np.random.default_rng(1).normal(size=(points, size)).astype("float32")
    expected = np.asarray(model(z, training=False))
    program = export(model, (size,))
    found = interpreter(program, z)
    assert program.output_shapes == [expected.shape[1:]]
    expected = expected.reshape(points, -1)
    return z, found, expected


def equal(found, expected):
    """Within the tolerance, and 8-bit pixels equal but where rounding is a tie."""
    differ = np.rint(255 * found) != np.rint(255 * expected)
    tie = np.abs(255 * expected[differ] % 1 - 0.5).max(initial=0) <= 255 * TOLERANCE
    return np.abs(found - expected).max() <= TOLERANCE and tie


@pytest.mark.parametrize("kind", decoders.KINDS)
def test_every_layer_kind_gives_keras_s_pixels(interpreter, kind):
    _, found, expected = check(interpreter, decoders.randomise(decoders.KINDS[kind](), seed=3), POINTS)
    assert expected.std() > 1e-3, "a decoder whose images are all the same would prove nothing"
    assert equal(found, expected)


def in_double_precision(seed, model, z):
    """What Keras gives for a random decoder when it computes in float64, with the same weights."""
    keras.config.set_dtype_policy("float64")
    try:
        twin = decoders.random_decoder(seed)
    finally:
        keras.config.set_dtype_policy("float32")
    for ours, theirs in zip(twin.variables, model.variables, strict=True):
        ours.assign(np.asarray(theirs, np.float64))
    return np.asarray(twin(z.astype("float64"), training=False)).reshape(len(z), -1)


def test_random_decoders_give_keras_s_pixels(interpreter):
    """Where Keras's own float32 is further from the truth than the tolerance, the program is within it."""
    compared = rounded = 0
    for seed in range(RANDOM_DECODERS):
        model = decoders.random_decoder(seed)
        try:
            z, found, expected = check(interpreter, model, points=25)
        except tf.errors.AbortedError:  # oneDNN cannot compute some transposed convolutions with dilation
            continue
        compared += expected.std() > 1e-3  # some draw nearly the same image everywhere, which proves little
        if not equal(found, expected):
            rounded += 1
            assert np.abs(found - in_double_precision(seed, model, z)).max() <= TOLERANCE, f"random_decoder({seed})"
    assert compared >= 100 and rounded <= compared / 20


@pytest.mark.parametrize("load", [lambda: reference.load_mlp()[1], reference.load_conv_decoder], ids=["mlp", "conv"])
def test_the_reference_decoders_give_keras_s_pixels(interpreter, load):
    _, found, expected = check(interpreter, load(), POINTS)
    assert equal(found, expected)


def test_a_browser_without_webassembly_gives_the_same_numbers_to_the_last_bit(interpreter, plain_interpreter):
    models = [reference.load_conv_decoder(), *map(decoders.random_decoder, range(12))]
    for model in models:
        program = export(model, model.input_shape[1:])
        z = np.random.default_rng(2).normal(size=(5, *model.input_shape[1:])).astype("float32")
        assert np.array_equal(interpreter(program, z), plain_interpreter(program, z))


def test_an_encoder_gives_both_of_its_outputs(interpreter):
    encoder, _ = reference.load_mlp()
    images = np.random.default_rng(0).uniform(size=(50, 784)).astype("float32")
    found = interpreter(export(encoder, (784,)), images)
    assert np.abs(found - np.concatenate(encoder(images), axis=1)).max() <= 2e-5  # codes, of size 3


def test_outputs_that_are_not_wanted_need_no_program(interpreter):
    encoder, _ = reference.load_mlp()
    z_mean, z_log_var = encoder.outputs
    noisy = keras.layers.Lambda(lambda z: z + float(np.asarray(z).sum()), output_shape=(2,))(z_mean)
    three = keras.Model(encoder.inputs, [z_mean, z_log_var, noisy])
    with pytest.raises(NotExportable):
        export(three, (784,))
    assert len(export(three, (784,), outputs=2).outputs) == 2


@pytest.mark.parametrize("kind", decoders.UNKNOWN)
def test_what_no_program_knows_is_named_in_one_sentence(kind):
    build, name = decoders.UNKNOWN[kind]
    with pytest.raises(NotExportable) as caught:
        export(build(), (3,))
    sentence = str(caught.value)
    assert name in sentence and sentence.count(". ") == 0 and sentence.endswith(".") and "\n" not in sentence
