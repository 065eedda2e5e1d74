"""Decoders of every layer kind, and random ones: small networks with random weights from z to an image."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def randomise(model, seed):
    """Weights of ordinary size in every variable, also those that are 0 or 1 in an untrained model."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        shape, name = variable.shape, variable.path.split("/")[-1]
        fan = max(int(np.prod(shape[:-1])), 1) if len(shape) > 1 else 1
        values = rng.normal(0, 1 / np.sqrt(fan), shape)
        if "variance" in name:
            values = rng.uniform(0.3, 2, shape)
        elif name in ("gamma", "scale"):
            values = rng.uniform(0.5, 1.5, shape)
        variable.assign(values.astype(variable.dtype)) if "float" in variable.dtype else None
    return model


def chain(*parts, latent_dim=3, side=4, channels=6):
    """z, a small image, the layers, and a sigmoid."""
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(side * side * channels),
            layers.Reshape((side, side, channels)),
            *parts,
            layers.Activation("sigmoid"),
        ]
    )


def graph(join, latent_dim=3):
    z = keras.Input((latent_dim,))
    a = layers.Reshape((4, 4, 3))(layers.Dense(48, "tanh")(z))
    b = layers.Reshape((4, 4, 3))(layers.Dense(48, "elu")(z))
    return keras.Model(z, layers.Activation("sigmoid")(join(a, b)))


@keras.saving.register_keras_serializable("test")
class Residual(layers.Layer):
    """A layer of somebody's own, made of known ones."""

    def __init__(self, filters=6, **settings):
        super().__init__(**settings)
        self.conv = layers.Conv2D(filters, 3, padding="same")
        self.norm = layers.BatchNormalization()

    def build(self, shape):
        self.conv.build(shape)
        self.norm.build(shape)

    def call(self, x, training=None):
        return ops.relu(x + 0.5 * self.norm(self.conv(x), training=training))

    def compute_output_shape(self, shape):
        return shape


class Own(keras.Model):
    """A subclassed decoder."""

    def __init__(self):
        super().__init__()
        self.hidden, self.last = layers.Dense(20, "relu"), layers.Dense(12)

    def call(self, z):
        return ops.reshape(ops.sigmoid(self.last(self.hidden(z)) * 2 - 1), (-1, 3, 4, 1))


class Doubled(layers.Dense):
    """A Dense that does something else."""

    def call(self, x):
        return 2 * super().call(x)


def _own():
    model = Own()
    model(np.zeros((1, 3), "float32"))
    return model


def _shared():
    twice = layers.Dense(9, "tanh")
    z = keras.Input((9,))
    return keras.Model(z, layers.Activation("sigmoid")(twice(twice(z))))


def _nested():
    head = keras.Sequential(
        [keras.Input((None, None, 6)), layers.Conv2DTranspose(5, 3, strides=2, padding="same", activation="relu")]
    )
    a, b = keras.Input((8, 8, 5)), keras.Input((8, 8, 6))
    merge = keras.Model([a, b], layers.Concatenate()([b, a]))
    z = keras.Input((3,))
    x = layers.Reshape((4, 4, 6))(layers.Dense(96)(z))
    y = merge([head(x), layers.UpSampling2D()(x)])
    return keras.Model(z, layers.Conv2D(1, 1, activation="sigmoid")(y))


def _first(*parts):
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(6 * 5 * 4), layers.Reshape((6, 5, 4)), *parts, layers.Activation("sigmoid")]
    )


_ACTIVATIONS = (
    "linear relu leaky_relu relu6 softmax celu elu selu softplus softsign squareplus soft_shrink sparse_plus silu swish gelu tanh "
    "tanh_shrink sigmoid sparse_sigmoid exponential hard_sigmoid hard_silu hard_swish hard_tanh hard_shrink mish log_softmax log_sigmoid"
).split()  # fmt: skip

KINDS = {
    **{f"activation {name}": (lambda name=name: chain(layers.Conv2D(4, 1, activation=name))) for name in _ACTIVATIONS},
    "activation of one's own": lambda: chain(layers.Conv2D(4, 1, activation=lambda x: ops.sin(3 * x) + x**2)),
    "activation with arguments": lambda: chain(layers.Conv2D(4, 1, activation=lambda x: keras.activations.relu(x, negative_slope=0.1, max_value=0.7, threshold=0.2))),
    "activation layer as an argument": lambda: chain(layers.Conv2D(4, 1, activation=layers.LeakyReLU(0.2))),
    "TensorFlow's activations": lambda: chain(
        layers.Conv2D(4, 1, activation=tf.nn.elu), layers.Dense(4, activation=lambda x: tf.nn.leaky_relu(x)), layers.Dense(3, activation=tf.tanh), layers.Lambda(tf.nn.softplus),
    ),
    "inputs by name": lambda: graph(lambda a, b: layers.Dense(3)(inputs=a) + layers.Concatenate()(inputs=[a, b])[..., :3]),
    "gelu, approximate": lambda: chain(layers.Activation(lambda x: keras.activations.gelu(x, approximate=True))),
    "dense": lambda: keras.Sequential([keras.Input((3,)), layers.Dense(30, "relu"), layers.Dense(784, "sigmoid")]),
    "dense on an image": lambda: chain(layers.Dense(5, "relu"), layers.Dense(1, use_bias=False)),
    "flatten, permute, crop, pad, repeat": lambda: chain(
        layers.Permute((3, 1, 2)), layers.Cropping2D(((1, 0), (0, 1))), layers.ZeroPadding2D(((2, 1), (0, 3))), layers.Flatten(), layers.RepeatVector(2), layers.Reshape((-1, 4)),
    ),
    "conv": lambda: chain(layers.Conv2D(5, (3, 2), padding="same"), layers.Conv2D(3, 2)),
    "conv, strides and same": lambda: chain(layers.Conv2D(5, (4, 3), strides=(3, 2), padding="same"), side=8),
    "conv, dilation and no bias": lambda: chain(layers.Conv2D(5, 3, dilation_rate=(2, 1), padding="same", use_bias=False), side=7),
    "conv, groups": lambda: chain(layers.Conv2D(9, 3, groups=3, padding="same")),
    "depthwise": lambda: chain(layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), layers.DepthwiseConv2D(2, strides=2)),
    "separable": lambda: chain(layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", activation="relu")),
    "conv on a sequence": lambda: keras.Sequential(
        [keras.Input((3,)), layers.Dense(32), layers.Reshape((8, 4)), layers.Conv1D(5, 3, padding="causal", dilation_rate=2), layers.Conv1DTranspose(4, 3, strides=2, padding="same"), layers.Activation("sigmoid")],
    ),
    "transposed": lambda: chain(layers.Conv2DTranspose(5, 3, strides=2, padding="same", activation="relu"), layers.Conv2DTranspose(1, 3, strides=2)),
    "transposed, even kernel": lambda: chain(layers.Conv2DTranspose(5, 4, strides=2, padding="same")),
    "transposed, kernel smaller than strides": lambda: chain(layers.Conv2DTranspose(5, 2, strides=3, padding="same"), layers.Conv2DTranspose(2, 1, strides=2)),
    "transposed, large kernel": lambda: chain(layers.Conv2DTranspose(4, (5, 7), strides=(1, 3), padding="same")),
    "transposed, output padding": lambda: chain(layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1), layers.Conv2DTranspose(2, 3, strides=2, output_padding=(0, 1))),
    "transposed, output padding 0": lambda: chain(layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=0)),
    "transposed, dilation": lambda: chain(layers.Conv2DTranspose(4, 3, dilation_rate=2), layers.Conv2DTranspose(3, 3, dilation_rate=(1, 2), padding="same")),
    "upsampling, nearest": lambda: chain(layers.UpSampling2D((2, 3))),
    "upsampling, bilinear": lambda: chain(layers.UpSampling2D((3, 2), interpolation="bilinear")),
    "upsampling of a sequence": lambda: keras.Sequential([keras.Input((3,)), layers.Dense(12), layers.Reshape((4, 3)), layers.UpSampling1D(3), layers.Activation("sigmoid")]),
    "channels first": lambda: _first(
        layers.Conv2D(4, 3, padding="same", strides=2, data_format="channels_first"), layers.BatchNormalization(axis=1), layers.Conv2DTranspose(3, 3, strides=2, data_format="channels_first"),
        layers.UpSampling2D(2, data_format="channels_first", interpolation="bilinear"), layers.MaxPooling2D(2, data_format="channels_first"), layers.Flatten(data_format="channels_first"),
    ),
    "batch normalisation": lambda: chain(layers.BatchNormalization(), layers.BatchNormalization(scale=False, epsilon=0.1), layers.BatchNormalization(center=False, axis=1)),
    "layer normalisation": lambda: chain(layers.LayerNormalization(), layers.LayerNormalization(axis=[1, 2], center=False), layers.LayerNormalization(axis=(1, 2, 3), scale=False, epsilon=0.01), layers.LayerNormalization(axis=2)),
    "layer normalisation, deviation": lambda: chain(layers.LayerNormalization(rms_scaling=True)),
    "group normalisation": lambda: chain(layers.GroupNormalization(3), layers.GroupNormalization(-1), layers.GroupNormalization(2, axis=1, scale=False), layers.GroupNormalization(6, center=False, epsilon=0.1)),
    "rms normalisation": lambda: chain(layers.RMSNormalization()),
    "normalisation": lambda: chain(layers.Normalization(mean=[0.1] * 6, variance=[2.0] * 6), layers.Normalization(axis=None, mean=0.3, variance=0.5, invert=True)),
    "spectral normalisation": lambda: chain(layers.SpectralNormalization(layers.Conv2D(4, 3))),
    "dropout": lambda: chain(layers.Dropout(0.5), layers.SpatialDropout2D(0.5), layers.GaussianNoise(1.0), layers.AlphaDropout(0.3), layers.GaussianDropout(0.4), layers.ActivityRegularization(0.1), layers.Identity()),
    "rescaling": lambda: chain(layers.Rescaling(0.5, 0.1), layers.Rescaling([1, 2, 3, 4, 5, 6], offset=[0.1] * 6)),
    "activation layers": lambda: chain(
        layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2), layers.LeakyReLU(), layers.ELU(0.5), layers.PReLU(shared_axes=[1, 2]), layers.PReLU(), layers.ReLU(6.0), layers.ReLU(threshold=0.1), layers.Softmax(axis=1),
    ),
    "pooling": lambda: chain(layers.MaxPooling2D(3, strides=2, padding="same"), layers.AveragePooling2D(2, strides=1, padding="same"), side=9),
    "global pooling": lambda: chain(layers.GlobalAveragePooling2D(keepdims=True)),
    "global pooling, flat": lambda: chain(layers.GlobalMaxPooling2D()),
    "add, broadcast": lambda: graph(lambda a, b: layers.Add()([a, layers.GlobalAveragePooling2D()(b), b])),
    "add the same twice": lambda: graph(lambda a, b: layers.Add()([a, a])),
    "concatenate": lambda: graph(lambda a, b: layers.Concatenate()([a, b, a])),
    "concatenate rows": lambda: graph(lambda a, b: layers.Concatenate(axis=1)([b, a])),
    "subtract": lambda: graph(lambda a, b: layers.Subtract()([a, b])),
    "multiply": lambda: graph(lambda a, b: layers.Multiply()([a, b, b])),
    "average, maximum, minimum": lambda: graph(lambda a, b: layers.Average()([layers.Maximum()([a, b]), layers.Minimum()([a, b]), a])),
    "operators": lambda: graph(lambda a, b: (1 - a) / (2 + b**2) - 3 * b + np.float32(0.5)),
    "operations": lambda: graph(lambda a, b: ops.concatenate([ops.exp(-ops.square(a)), ops.clip(b, -0.3, 0.4)[:, ::-1], ops.transpose(a, (0, 2, 1, 3))], axis=-1)),
    "sums": lambda: graph(lambda a, b: ops.mean(a, axis=(1, 2), keepdims=True) + b * ops.sum(b, axis=-1, keepdims=True)),
    "stacked": lambda: graph(lambda a, b: ops.stack([a, ops.flip(b, axis=1)], axis=1)),
    "resized": lambda: graph(lambda a, b: ops.image.resize(a + b, (7, 10))),
    "lambda": lambda: chain(layers.Lambda(lambda x: x[:, ::-1, 1:] * 0.5)),
    "nested": _nested,
    "shared": _shared,
    "a layer of one's own": lambda: chain(Residual(), Residual()),
    "a layer that inherits": lambda: chain(Doubled(4, "relu")),
    "a model of one's own": _own,
    "float64": lambda: chain(layers.Conv2D(4, 3, dtype="float64")),
}  # fmt: skip

# And a word that the sentence about it holds.
UNKNOWN = {
    "attention": (
        lambda: graph(lambda a, b: layers.Reshape((4, 4, 3))(layers.MultiHeadAttention(1, 2)(layers.Reshape((16, 3))(a), layers.Reshape((16, 3))(b)))),
        "In MultiHeadAttention (multi_head_attention",
    ),
    "bicubic": (lambda: chain(layers.UpSampling2D(2, interpolation="bicubic")), "bicubic"),
    "rounding, which leaves whole numbers alone": (lambda: chain(layers.Lambda(ops.round)), "Round"),
    "clipping, which leaves small numbers alone": (lambda: chain(layers.Lambda(lambda x: ops.fmod(x, 50.0))), "Fmod"),
    "noise when used": (lambda: graph(lambda a, b: layers.Dropout(0.5, name="noisy")(a, training=True) + b), "noisy"),
    "float16": (lambda: chain(layers.Conv2D(4, 3, dtype="mixed_float16")), "float16"),
    "a function that reads numbers": (lambda: chain(layers.Lambda(lambda x: x * np.asarray(x).max(), name="loud")), "loud"),
    "recurrence": (lambda: keras.Sequential([keras.Input((3,)), layers.RepeatVector(4), layers.GRU(5, name="gru"), layers.Activation("sigmoid")]), "gru"),
}  # fmt: skip


def random_decoder(seed):
    """A decoder of random layers, shapes and settings; some with two branches, some nested."""
    rng = np.random.default_rng(seed)
    z = keras.Input((int(rng.integers(1, 9)),))
    side, channels = int(rng.integers(2, 5)), int(rng.integers(1, 7))
    x = layers.Dense(int(rng.integers(4, 24)), activation=str(rng.choice(_ACTIVATIONS[1:4])))(z)
    x = layers.Reshape((side, side, channels))(layers.Dense(side * side * channels)(x))
    for _ in range(rng.integers(2, 6)):
        x = _random_part(rng, x)
    shape = x.shape[1:]
    kind = rng.integers(3)
    if kind == 0:
        x = layers.Dense(49, "sigmoid")(layers.Flatten()(x))
    elif kind == 1:
        x = layers.Conv2DTranspose(int(rng.choice([1, 3])), 3, padding="same", activation="sigmoid")(x)
    else:
        inner = keras.Sequential([keras.Input(shape), layers.Conv2D(1, 1), layers.Activation("sigmoid")])
        x = inner(x)
    return randomise(keras.Model(z, x), seed)


def _random_part(rng, x):
    filters, kernel = int(rng.integers(1, 7)), tuple(int(k) for k in rng.integers(1, 5, 2))
    padding, activation = str(rng.choice(["same", "valid"])), str(rng.choice(_ACTIVATIONS))
    small = max(x.shape[1:3]) <= 12
    strides = tuple(int(s) for s in rng.integers(1, 4 if small else 2, 2))
    options = [
        lambda: layers.Conv2D(filters, kernel, padding="same", activation=activation)(x),
        lambda: layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=bool(rng.integers(2)))(x),
        lambda: layers.Conv2DTranspose(filters, kernel, strides=strides, padding=padding, activation=activation)(x),
        lambda: layers.Conv2DTranspose(
            filters, kernel, strides=strides, padding=padding,
            output_padding=tuple(int(rng.integers(min(s, k))) for s, k in zip(strides, kernel, strict=True)),
        )(x),
        lambda: layers.Conv2DTranspose(filters, kernel, dilation_rate=int(rng.integers(1, 3)), padding=padding)(x),
        lambda: layers.UpSampling2D(strides, interpolation=str(rng.choice(["nearest", "bilinear"])))(x),
        lambda: layers.BatchNormalization(axis=int(rng.choice([-1, 1, 2])))(x),
        lambda: layers.LayerNormalization(axis=[-1, [1, 2], [1, 2, 3]][rng.integers(3)])(x),
        lambda: layers.GroupNormalization(1 if rng.integers(2) else -1)(x),
        lambda: layers.Dropout(0.4)(layers.Rescaling(float(rng.normal()), float(rng.normal()))(x)),
        lambda: layers.PReLU()(layers.DepthwiseConv2D(kernel, padding="same")(x)),
        lambda: layers.ZeroPadding2D(((0, 1), (2, 0)))(x),
        lambda: layers.Add()([x, layers.Conv2D(x.shape[-1], 3, padding="same", activation=activation)(x)]),
        lambda: layers.Concatenate()([layers.Conv2D(filters, 3, padding="same")(x), layers.LeakyReLU()(x)]),
        lambda: layers.Multiply()([x, layers.GlobalAveragePooling2D(keepdims=True)(x)]),
    ]  # fmt: skip
    return options[rng.integers(len(options))]()
