# %% [markdown]
# # 3 · A convolutional VAE
#
# The networks of notebook 2 would learn just as well if the pixels of all images were shuffled in the same way.
# Convolutions know better: a pixel's neighbours matter, and a collar is a collar wherever it is. Here you build a
# convolutional encoder, train it with a convolutional decoder, and measure what that knowledge is worth.
#
# **You will be able to**
#
# - build an encoder that turns images into the two parameter vectors of a Gaussian;
# - follow an image's shape through convolutions and transposed convolutions;
# - compare two models fairly: the same images, the same units, each term of the loss by itself;
# - put a number on how well classes separate in a latent space.
#
# *About an hour. Useful before: `02_vae`. 10 points for code, 4 for written answers.*

# %%
import vaelab.quiet  # first: starts TensorFlow without its messages
# No module named 'vaelab'? Run this line in a new cell, then restart the kernel:  %pip install ../..

import keras
import numpy as np
from keras import layers
from scipy.stats import norm

from vaelab import data, metrics, plots, profiles, reference
from vaelab.checks import check
from vaelab.borrow import borrow
from vaelab.explorer import LatentExplorer
from vaelab.models import Sampling, make_decoder
from vaelab.progress import run_hidden, show_progress
from vaelab.training import fit

# %% [markdown]
# As in notebook 2, the profile says how much this run may spend, and the seed makes it repeatable.

# %%
keras.utils.set_random_seed(7)
profile = profiles.current()
print(profile)

# %% [markdown]
# ## Images with rows, columns and channels
#
# A convolution takes images of shape (rows, columns, channels). Ours have one channel, and the last axis says so: without
# it, Keras could not tell 28 columns from 28 channels.

# %%
images = data.load()
print(images.source)
x_train, x_test = images.x_train[..., None], images.x_test[..., None]
img_rows, img_cols, img_chns = x_train.shape[1:]
latent_dim, intermediate_dim = 2, 128
x_train.shape, x_test.shape


# %% [markdown]
# ## The decoder, given
#
# We start at the far end. The decoder turns two numbers into a small image with many channels, and enlarges it with
# **transposed convolutions**. With a stride of 2, each input pixel stamps a 3 × 3 pattern onto the output, two pixels
# from the stamp of its neighbour. The patterns are learned, and they are the same everywhere.

# %%
def make_conv_decoder(latent_dim, intermediate_dim, spatial_size=7, filters=32):
    """Codes (batch, latent_dim) to pixel probabilities (batch, 28, 28, 1)."""
    z = keras.Input((latent_dim,), name="z")
    x = layers.Dense(intermediate_dim, activation="relu")(z)
    x = layers.Dense(filters * spatial_size**2, activation="relu")(x)
    x = layers.Reshape((spatial_size, spatial_size, filters))(x)
    for strides, padding in [(2, "same"), (1, "same"), (2, "valid")]:
        x = layers.Conv2DTranspose(filters, 3, strides=strides, padding=padding, activation="relu")(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
    x_decoded = layers.Conv2D(1, 2, padding="valid", activation="sigmoid")(x)
    return keras.Model(z, x_decoded, name="conv_decoder")


decoder = make_conv_decoder(latent_dim, intermediate_dim)
for layer in decoder.layers:
    print(f"{layer.name:28} {str(layer.output.shape[1:]):16} {layer.count_params():>9,} parameters")

# %% [markdown]
# Follow the shapes from top to bottom: 7 × 7, doubled to 14 × 14, kept, then with `valid` padding
# $(14 - 1) \cdot 2 + 3 = 29$, and the last convolution of width 2 cuts one row and one column off.

# %% [markdown]
# Batch normalisation makes the optimisation faster. It keeps running averages for use after training; a
# momentum of 0.9 lets them follow within tens of steps, where Keras's default of 0.99 would take hundreds, more than a
# short training has to spare.
#
# So it computes one thing in training and another one afterwards. The argument `training` says which, and this is why
# `call` in notebook 2 accepted it and passed it on. A model that does not leaves the averages at 0 and 1 in Keras's `fit`,
# and normalises nothing, without a warning. `fit` from `vaelab`, which we use below, trains the normalisation in any case.

# %% [markdown]
# What does this decoder draw *before* it has seen anything? Four decoders with fresh weights, one code each, with
# the contrast stretched:

# %%
z = np.random.default_rng(0).normal(size=(4, 1, latent_dim)).astype("float32")
untrained = [metrics.decode(make_conv_decoder(latent_dim, intermediate_dim), code)[0] for code in z]
plots.samples(np.stack([(x - x.min()) / np.ptp(x) for x in untrained]))


# %% [markdown]
# To the eye this is noise again. A number shows the difference: the correlation between pixels that lie a few columns
# apart, beside that of an untrained fully connected decoder.

# %%
def correlation(x, distance):
    """Correlation of pixels `distance` columns apart, averaged over images (N, 28, 28)."""
    pairs = [(image[:, :-distance].ravel(), image[:, distance:].ravel()) for image in x]
    return np.mean([np.corrcoef(left, right)[0, 1] for left, right in pairs])


dense = metrics.decode(make_decoder(latent_dim, 256, 784), z[:, 0]).reshape(-1, 28, 28)
for distance in (1, 2, 3, 4):
    conv = correlation(np.stack(untrained)[..., 0], distance)
    print(f"{distance} apart: convolutional {conv:+.2f}, fully connected {correlation(dense, distance):+.2f}")


# %% [markdown]
# Pixels two and four columns apart are alike in the convolutional decoder: these are the steps of the strides, and the
# same pattern is stamped again. In the fully connected decoder nothing repeats. This much knowledge about images is in
# the *architecture*: neighbouring outputs are made from the same few inputs by the same weights, before a single image
# has been seen.

# %% [markdown]
# ## Exercise: `make_conv_encoder` — 10 points
#
# Now the other half: from an image to `z_mean` and `z_log_var`.
#
# - `img_rows, img_cols, img_chns`: shape of an image, `(28, 28, 1)` here. Other sizes must work too;
# - `latent_dim`: dimension of the code; `intermediate_dim`: units of the dense layer before the heads;
# - returns: a `keras.Model` with **one** input, the images, and **two** outputs `[z_mean, z_log_var]`, each
#   of shape `(batch, latent_dim)` and free to take any real value;
# - in between: convolutions that reduce rows and columns (by strides or by max pooling), with batch
#   normalisation after them.
#
# A good start is two or three convolutions with 32 or 64 filters of 3 × 3, each halving the image. Keep a few rows and
# columns up to the dense layer: where something is says as much as what it is. And use `momentum=0.9` for the
# normalisation, as the decoder does, or a short training leaves its averages behind.

# %% [markdown]
# <details><summary><b>Hint: which shapes to expect</b></summary>
#
# With `padding="same"`, a stride of 2 halves 28 to 14, 14 to 7 and 7 (rounding up) to 4. After the last convolution there are
# still rows and columns; a code has none. Which layer turns (4, 4, 64) into one row of numbers?
# </details>
#
# <details><summary><b>Hint: the heads</b></summary>
#
# A dense layer that ends in an activation or in a normalisation limits what can come out. Should a mean be limited?
# A log variance? Both heads read the same features, and have weights of their own.
# </details>
#
# The picture shows the shapes on the way through one possible encoder; yours may take another.
#
# ![Expected result: boxes for the shapes inside an encoder. An image of 28 by 28 by 1 becomes 14 by 14 by 32, then 7 by 7 by 64, then 4 by 4 by 64, then one row of 1024 numbers, then 128, and from there two arrows lead to z_mean and z_log_var of 2 numbers each.](expected_conv_encoder.png)

# %% nbgrader={"grade": false, "grade_id": "make_conv_encoder", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    """A keras.Model from images (batch, img_rows, img_cols, img_chns) to [z_mean, z_log_var]."""
    ### BEGIN SOLUTION
    x = keras.Input((img_rows, img_cols, img_chns), name="x")
    hidden = x
    for filters in (32, 64, 64):  # 28 -> 14 -> 7 -> 4
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization(momentum=0.9)(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    z_mean = layers.Dense(latent_dim, name="z_mean")(hidden)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(hidden)
    return keras.Model(x, [z_mean, z_log_var], name="conv_encoder")
    ### END SOLUTION


# %% [markdown]
# The checks build your encoder for several image sizes, look at its layers, and send images through it. Two are hidden:
# they run when you hand the notebook in, or from its last cell.

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_builds", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# One input, two outputs (1 point).
check("make_conv_encoder.builds", make_conv_encoder)

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_shapes", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The right shapes, for several image sizes and latent dimensions (2 points).
check("make_conv_encoder.shapes", make_conv_encoder)

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_convolutional", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Convolutions that downsample, and batch normalisation (2 points).
check("make_conv_encoder.convolutional", make_conv_encoder)

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_unbounded", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden check: two separate heads that can take any value (3 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("make_conv_encoder.unbounded", make_conv_encoder)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_make_conv_encoder_gradients", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: gradients reach every layer (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("make_conv_encoder.gradients", make_conv_encoder)
### END HIDDEN TESTS

# %% [markdown]
# ## Training
#
# The assembly is the one you wrote for notebook 2: `borrow` reads your own `02_vae.ipynb` next door and takes the function
# out of it. If yours is not finished, it takes that of the solutions, where they are at hand, or says what to do. The
# sampling layer is the same as well: it works for any network that gives it a mean and a log variance.

# %%
encoder = make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim)
if profile.trains:
    make_vae = borrow("02_vae", "make_vae")
    vae = make_vae((img_rows, img_cols, img_chns), encoder, decoder, Sampling(seed=7))
    history = fit(vae, x_train, x_test=x_test, epochs=profile.conv_epochs)

# %% [markdown]
# An epoch takes much longer than in notebook 2, because every filter visits every place of every image; in return it
# achieves more. Does your *test* loss lie near 385, or jump, while the training loss is far lower? Then nothing has
# collapsed: the averages of your batch normalisation lag behind (`momentum=0.9`), or the first steps were too large for
# your encoder; train again for a few more epochs. This is the complete training, 60,000 images and 15 epochs:

# %%
plots.learning_curve(reference.history("conv"))

# %% [markdown]
# After 15 epochs the convolutional model is five nats below the level that the MLP reached in 50. The test curve ends two
# nats above the training curve, as it did for the MLP: some of what is learned is true of the training images only.

# %% [markdown]
# ## The same pictures
#
# Reconstructions of test images by *your* model first, from the means of their codes.

# %%
your_means, _ = metrics.encode(encoder, x_test[:10])
plots.reconstructions(x_test[:10], metrics.decode(decoder, your_means), labels=images.y_test[:10])

# %% [markdown]
# The kind of garment should be recognisable already. From here on we use the reference model, which has been trained to
# the end. Its encoder is the answer to the exercise, so its weights are not in the course. In their place there are the
# encoder's outputs: mean and log variance for each image of the sample.

# %%
conv_decoder = reference.load_conv_decoder()
posteriors = reference.load_conv_posteriors()
sample = data.load(profiles.PROFILES["quick"])

# %% [markdown]
# Ten codes from the prior, decoded; run the cell several times.

# %%
z = np.random.normal(size=(10, latent_dim)).astype("float32")
plots.samples(metrics.decode(conv_decoder, z))

# %% [markdown]
# Outlines are a little crisper than the MLP's. Blur remains: it comes from describing an image by two numbers, not from
# the kind of network.

# %%
plots.latent_scatter(posteriors["z_mean_test"], sample.y_test, title="Convolutional VAE")

# %% [markdown]
# The organisation is the one of notebook 2: footwear in one region, trousers in another, tops overlapping. Left and right,
# or up and down, may be exchanged, which means nothing: the prior looks the same from all sides. One thing differs: here
# the middle is not empty.

# %%
plots.manifold(lambda z: metrics.decode(conv_decoder, z))

# %% [markdown]
# Again the panel lines up with the scatter plot. Look along a row for the places where one kind of garment turns into
# another.

# %% [markdown]
# ## MLP against convolutions
#
# A fair comparison needs the same images, the same units and both terms. We encode the test images of the
# sample with each reference model and start with what can be seen.

# %%
mlp_encoder, mlp_decoder = reference.load_mlp()
x_flat = {part: getattr(sample, f"x_{part}").reshape(-1, 784) for part in ("train", "test")}
mlp = {part: metrics.encode(mlp_encoder, x) for part, x in x_flat.items()}
conv = {part: (posteriors[f"z_mean_{part}"], posteriors[f"z_log_var_{part}"]) for part in ("train", "test")}

# %% [markdown]
# Ten of them, decoded from their means, with the originals on top:

# %%
x = sample.x_test[:10]
decoded = {
    "MLP": metrics.decode(mlp_decoder, mlp["test"][0][:10]),
    "conv": metrics.decode(conv_decoder, conv["test"][0][:10]).reshape(-1, 784),
}
nats = {name: metrics.bernoulli_nll(x, x_decoded) for name, x_decoded in decoded.items()}
plots.compare(x, decoded, nats=nats, labels=sample.y_test[:10])


# %% [markdown]
# The number below a reconstruction is its negative log-likelihood in nats: smaller is better. In these ten the
# convolutional model is ahead nearly everywhere; over all test images it is better for two out of three. So one image
# shows little, and averages are needed.

# %% [markdown]
# Now the two terms of the ELBO, for a thousand images. One sample of the code gives an unbiased estimate of both: the
# decoder gives the reconstruction term, and $\log q(z \mid x) - \log p(z)$ the KL term, as in notebook 1.

# %%
def elbo_terms(x, decoder, z_mean, z_log_var, rng):
    """Reconstruction and KL in nats for each of the first 1,000 images, from one sample of z."""
    x, z_mean, z_log_var = x[:1000], z_mean[:1000], z_log_var[:1000]
    std = np.exp(0.5 * z_log_var)
    z = rng.normal(z_mean, std).astype("float32")
    x_decoded = metrics.decode(decoder, z).reshape(len(x), -1)
    log_ratio = norm.logpdf(z, z_mean, std) - norm.logpdf(z)
    return {"reconstruction": metrics.bernoulli_nll(x, x_decoded), "kl": log_ratio.sum(axis=1)}


rng = np.random.default_rng(3)
terms = {
    "MLP, 50 epochs": elbo_terms(x_flat["test"], mlp_decoder, *mlp["test"], rng),
    "conv, 15 epochs": elbo_terms(x_flat["test"], conv_decoder, *conv["test"], rng),
}
plots.bar_comparison({name: {part: x.mean() for part, x in parts.items()} for name, parts in terms.items()})

# %% [markdown]
# Nearly all of the loss is reconstruction, and most of *that* is the entropy of the grey pixels, which no model can
# remove: look at the difference, not at the ratio. Is the difference more than chance? Images differ so much that each
# mean alone is uncertain by 2.6 nats. But both models saw the *same* images, so we may compare image by image, in
# **pairs**, and what makes an image hard for both drops out.

# %%
totals = [sum(parts.values()) for parts in terms.values()]
for what, values in {"MLP": totals[0], "conv": totals[1], "difference": totals[0] - totals[1]}.items():
    print(f"{what:10} {values.mean():6.1f} nats, standard error {values.std() / np.sqrt(len(values)):.2f}")

# %% [markdown]
# The standard error of a mean is the spread of the single values over the root of their number. That of the paired
# difference is four times smaller than those of the two means: four and a half nats are about seven of its standard
# errors, so the difference is real.

# %% [markdown]
# ## Are the classes better separated?
#
# By the scatter plots one would like to say yes. A **k-nearest-neighbour classifier** gives a number: for each test image,
# find the 10 training images with the nearest codes, and let them vote. How often are they right?

# %%
for name, codes in {"MLP": mlp, "conv": conv}.items():
    accuracy = metrics.knn_accuracy(codes["train"][0], sample.y_train, codes["test"][0], sample.y_test, k=10)
    print(f"{name:5} {accuracy:.1%} of the test images have neighbours of their own class (chance: 10%)")

# %% [markdown]
# Two numbers per image, learned without labels, already carry most of the class. With 2,000 test images an accuracy has a
# standard error of about one percentage point, and the difference of two accuracies one of about one and a half (less, if
# one compares in pairs). A difference of less than two standard errors should not be taken for a fact.

# %% [markdown]
# ### Question — 2 points
#
# A colleague looks at the two scatter plots and says: "the convolutional VAE separates the classes better."
# Do your numbers support this? Mention their uncertainty, and say why a better ELBO need not mean
# better separated classes. (Look at the two terms of the ELBO: what does each of them compare, and does any of them see a label?)

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_separation", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point each:
#
# - *The numbers.* The answer compares the two accuracies with their uncertainty: the standard error of a proportion $a$
#   from 2,000 images is $\sqrt{a(1-a)/2000}$, about one percentage point, and that of a difference $\sqrt{2}$ times as much. The
#   shipped models give 67.4% and 70.5%: a difference of 3.1 points, about two standard errors. So the numbers lean towards the claim, and no
#   more than that: one difference in twenty is as large by chance, and each model was trained once, from one seed. Whoever compares
#   models of their own may find another one; full marks if the conclusion follows from numbers and uncertainty.
# - *Why it need not follow.* The ELBO rewards predicting pixels and never sees a label. Two classes that differ in a few pixels
#   (shirts and coats) can lie on top of each other at almost no cost, and one class may be torn in two if it
#   contains two kinds of image. A fit can improve through features that all classes share, such as
#   brightness.
# <!-- END SOLUTION -->

# %% [markdown]
# ### Question — 2 points
#
# Untrained, the convolutional decoder draws a pattern that repeats every two and four pixels, the fully connected one pure
# noise. Explain the difference by the way an output pixel depends on the layer before it. Then name one thing that the
# *encoder* gains from convolutions.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_architecture", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point each:
#
# - *Decoder.* In a dense layer every pixel is its own weighted sum of all hidden units with its own random weights: neighbouring
#   pixels are independent. In a transposed convolution neighbouring pixels are computed from the same small patch of inputs with the
#   same shared weights, so they are correlated; the stride repeats the pattern, hence the regular grain.
# - *Encoder.* Any one of: a feature is learned once and recognised anywhere (weight sharing, translation equivariance); far fewer
#   weights per feature, so fewer images are needed; features are local first and combined step by step.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Move through it yourself
#
# The sliders again, now with the convolutional decoder. Is the change smoother than in notebook 2?

# %%
LatentExplorer(conv_decoder)

# %% [markdown]
# In `04_latent_space` both decoders are shown side by side for the same code.

# %% [markdown]
# ## What we have seen
#
# - Convolutions and transposed convolutions build "neighbours matter" and "the same everywhere" into a VAE. An untrained
#   decoder shows it.
# - Nothing else changed: the same sampling layer, the same loss, the same assembly.
# - The convolutional VAE reaches a better ELBO in a third of the epochs, each of which costs more. Two latent
#   dimensions remain the bottleneck.
# - How well classes separate is a question for a number with an error bar, not for the eye; and a comparison in pairs has
#   the smaller one.
#
# **Next:** in `04_latent_space` you move through the latent spaces of both models.
#
# **To read.** Dumoulin and Visin, *A guide to convolution arithmetic* (2016, arXiv:1603.07285), with pictures of strides,
# padding and transposed convolutions. Odena, Dumoulin and Olah, *Deconvolution and checkerboard artifacts* (Distill, 2016),
# on the repeating pattern. Ioffe and Szegedy, *Batch normalization* (2015, arXiv:1502.03167). Bowman and others,
# *Generating sentences from a continuous space* (2016, arXiv:1511.06349), where posterior collapse was first a trouble.

# %% [markdown]
# **Where you stand.** The table shows each check as it last ran here. Without a teacher, take the `#` out of the first
# line: it runs the hidden checks too.

# %%
# run_hidden("03_conv_vae", make_conv_encoder)
show_progress("03_conv_vae")
