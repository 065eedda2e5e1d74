# %% [markdown]
# # 2 · A variational autoencoder
#
# A VAE learns two things at once from images without labels: to describe an image by a few numbers, and to draw an
# image from such a description. Here you assemble one, train it on pictures of clothes, and look at what it has
# understood, two numbers at a time.
#
# **You will be able to**
#
# - say what encoder, sampling layer and decoder do, and why the sampling is written as it is;
# - assemble them into a Keras model that is trained on the negative ELBO;
# - read a learning curve against landmarks that say what a number of nats means;
# - read a latent space: where classes lie, what its shape says, what lies in between.
#
# *About two hours. Useful before: `01_kl_term`, and some Keras: layers and functional models. 12 points for code, 9 for
# written answers.*

# %%
import math

import vaelab.quiet  # first: starts TensorFlow without its messages
# No module named 'vaelab'? Run this line in a new cell, then restart the kernel:  %pip install ../..

import keras
import numpy as np
from keras import layers, ops
from scipy.stats import norm

from vaelab import data, metrics, plots, profiles, reference
from vaelab.checks import check
from vaelab.explorer import LatentExplorer
from vaelab.progress import run_hidden, show_progress
from vaelab.training import fit

# %% [markdown]
# How much may this run spend? `quick` is meant for working on the exercises; to train as long as the figures
# quoted below did, start Jupyter with `VAELAB_PROFILE=full`. The seed makes a run repeatable.

# %%
keras.utils.set_random_seed(7)
profile = profiles.current()
print(profile)

# %% [markdown]
# ## The data
#
# Fashion-MNIST holds photographs of clothes from a shop's catalogue, shrunk to 28 × 28 grey pixels,
# in ten classes of equal size. The classes are used for colouring figures only: the model never sees
# a label.

# %%
images = data.load()
print(images.source)
plots.gallery(images.x_train, images.y_train, n=18)

# %% [markdown]
# Eighteen training images, each with its class name. Some pairs will be hard for any model that sees
# 784 pixels and no label: find a shirt and a coat that you would confuse yourself.

# %% [markdown]
# Pixels are numbers in [0, 1], where 0 is black. The networks of this notebook ignore that pixels
# have neighbours and take an image as one long row.

# %%
x_train = images.x_train.reshape(len(images.x_train), -1)
x_test = images.x_test.reshape(len(images.x_test), -1)
original_dim, intermediate_dim, latent_dim = 784, 256, 2
x_train.shape, x_test.shape


# %% [markdown]
# ## The encoder
#
# The encoder answers the question: *which codes could have produced this image?* Its answer is a
# Gaussian $q(z \mid x)$, given by a mean and a log variance for each latent dimension. We choose two
# dimensions, which is very few, so that everything can be seen on a page.

# %%
def make_encoder(original_dim, intermediate_dim, latent_dim):
    """Images (batch, original_dim) to [z_mean, z_log_var], each (batch, latent_dim)."""
    x = keras.Input((original_dim,), name="x")
    hidden = layers.Dense(intermediate_dim, activation="relu", name="hidden")(x)
    z_mean = layers.Dense(latent_dim, name="z_mean")(hidden)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(hidden)
    return keras.Model(x, [z_mean, z_log_var], name="mlp_encoder")


encoder = make_encoder(original_dim, intermediate_dim, latent_dim)
encoder.summary(line_length=80)


# %% [markdown]
# The two heads have no activation. A mean may lie anywhere, and so may a log variance: a ReLU on it would forbid every
# variance below 1.

# %% [markdown]
# ## The reparameterisation trick
#
# To train on codes $z \sim \mathcal N(\mu, \operatorname{diag}\sigma^2)$ we need the gradient of a
# random number with respect to $\mu$ and $\sigma$. The trick is to draw the randomness elsewhere:
#
# $$ z = \mu + \sigma \odot \varepsilon, \qquad \varepsilon \sim \mathcal N(0, I). $$
#
# Given $\varepsilon$, this is ordinary arithmetic, and $\partial z/\partial\mu = 1$,
# $\partial z/\partial\sigma = \varepsilon$.

# %% [markdown]
# As a Keras layer it has one subtlety. An integer seed would give the same $\varepsilon$ at every
# call; a `SeedGenerator` is a piece of state that moves on each time it is used.

# %%
class Sampling(layers.Layer):
    """Draw z from N(z_mean, diag exp z_log_var), anew at every call."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


sampling_layer = Sampling(seed=7)

# %% [markdown]
# Is it right? Ask for many draws from a Gaussian with mean 1 and log variance $\log 0.25$, so a
# standard deviation of 0.5, and look at what comes out.

# %%
many = np.ones((50_000, 1), "float32")
z = ops.convert_to_numpy(sampling_layer([many, math.log(0.25) * many]))
print(f"mean {z.mean():.3f}, standard deviation {z.std():.3f}")


# %% [markdown]
# Mean and spread are those that were asked for. A small check like this would catch a layer that
# takes the log variance for the standard deviation, which no learning curve reveals.

# %% [markdown]
# ## The decoder
#
# The decoder goes the other way: from a code to the probability of every pixel being white. The
# sigmoid keeps its outputs between 0 and 1.

# %%
def make_decoder(latent_dim, intermediate_dim, original_dim):
    """Codes (batch, latent_dim) to pixel probabilities (batch, original_dim)."""
    z = keras.Input((latent_dim,), name="z")
    hidden = layers.Dense(intermediate_dim, activation="relu", name="hidden")(z)
    x_decoded = layers.Dense(original_dim, activation="sigmoid", name="x_decoded")(hidden)
    return keras.Model(z, x_decoded, name="mlp_decoder")


decoder = make_decoder(latent_dim, intermediate_dim, original_dim)

# %% [markdown]
# What does it draw before any training? We take six codes from the prior and decode them, and stretch
# the contrast, since all outputs are still close to ½.

# %%
z = np.random.default_rng(0).normal(size=(6, latent_dim)).astype("float32")
x_decoded = metrics.decode(decoder, z)
print(f"pixels from {x_decoded.min():.2f} to {x_decoded.max():.2f}")
plots.samples((x_decoded - x_decoded.min()) / np.ptp(x_decoded))

# %% [markdown]
# Noise: no pixel resembles its neighbours. Every output pixel has random weights of its own, and nothing in a fully
# connected network says that two pixels lie side by side. Whatever structure we see later has been learned, and is
# stored in these weights.

# %% [markdown]
# ## The loss: negative ELBO
#
# We would like to maximise $\log p(x)$: the images should be probable under the model. But $p(x)$ is an integral over
# all codes. The **evidence lower bound** (ELBO) can be computed and is never above it. Its negative is the loss:
#
# $$ -\mathrm{ELBO}(x) =
#    \underbrace{-\,\mathbb E_{z \sim q(z \mid x)}\left[\log p(x \mid z)\right]}_{\text{reconstruction}}
#  + \underbrace{D_{\mathrm{KL}}\left(q(z \mid x) \,\Vert\, p(z)\right)}_{\text{KL}} . $$
#
# <details><summary><b>Why it is a bound</b></summary>
#
# Bayes' rule says $p(x) = p(x \mid z)\, p(z) / p(z \mid x)$ for every $z$. Take the logarithm, insert
# $q(z \mid x) / q(z \mid x)$, and average over $z \sim q(z \mid x)$; the left side does not depend on $z$:
#
# $$ \log p(x) = \underbrace{\mathbb E_q[\log p(x \mid z)] - D_{\mathrm{KL}}\left(q(z \mid x) \,\Vert\, p(z)\right)}_{\mathrm{ELBO}(x)}
#    + D_{\mathrm{KL}}\left(q(z \mid x) \,\Vert\, p(z \mid x)\right) . $$
#
# The last term is a KL divergence, so it is never negative (notebook 1). The gap between the bound and $\log p(x)$ is how
# far $q(z \mid x)$ is from the true posterior $p(z \mid x)$.
# </details>

# %% [markdown]
# In the language of compression, the KL term (the *rate*) is the price of sending the code, and the reconstruction term
# (the *distortion*) the price of the image once the code is known. Both are in nats, and both are sums: the KL over
# latent dimensions, the reconstruction over pixels. One sample of $z$ for each image and step is enough for the
# expectation.

# %% [markdown]
# Pixels are treated as coin flips: $\log p(x \mid z) = \sum_i x_i \log p_i + (1 - x_i)\log(1 - p_i)$, the binary
# cross-entropy with its sign changed. For black and white pixels it can reach 0. For grey ones it cannot:
#
# <details><summary><b>Why coin flips, if pixels are grey? And why not squared errors?</b></summary>
#
# Read a grey value of 0.3 as a pixel that is white in 30% of many black and white pictures: the formula is then their
# average log-likelihood, and it is best where $p_i = x_i$. (It is no density of grey values. One that is, the
# *continuous Bernoulli*, has an additional constant that depends on $p_i$.) A squared error is the log-likelihood of
# Gaussian pixels, up to constants. It needs a variance, and whoever leaves that out has chosen one: it decides how much
# the reconstruction weighs against the KL term. With coin flips nothing has to be chosen.
# </details>

# %%
plots.bernoulli_floor()

# %% [markdown]
# Each curve has its minimum where the prediction equals the pixel, and only the black pixel's minimum is at zero. A grey
# pixel costs its entropy even if it is predicted perfectly. Added up over an image, this is a floor for every model.

# %%
floor = metrics.entropy_floor(x_test)
ceiling = metrics.pixel_mean_nll(x_train, x_test)
print(f"reconstruction equal to the image: {floor:.1f} nats per image")
print(f"the average training image as reconstruction of everything: {ceiling:.1f} nats per image")


# %% [markdown]
# All that a VAE can win lies between these two. A model whose codes have collapsed to the prior ends at the upper one,
# since it can do no better than to predict the average image. Both are computed on the test images that you have; on the
# full test set they are 189.9 and 385.0.

# %% [markdown]
# ## A smaller model first: an autoencoder
#
# Before the VAE, here is a plain autoencoder, to see how a model with a loss of its own is written in Keras. `call` says how
# to get from an image to its reconstruction: one code for each image, no distribution, no sampling. The argument `training`
# is passed on, for layers that behave differently in training.

# %%
class Autoencoder(keras.Model):
    """x -> code -> reconstruction, trained on the squared error."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.error_tracker = keras.metrics.Mean(name="error")

    def call(self, x, training=None):
        code = self.encoder(x, training=training)
        return self.decoder(code, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        error = ops.sum(ops.square(x - y_pred), axis=-1)
        self.error_tracker.update_state(error)
        return ops.mean(error)


# %% [markdown]
# Keras calls `compute_loss` for each batch, in training and in evaluation, with these five arguments: `x` is what `fit`
# was given, `y_pred` what `call` returned, and `y` is None, since an autoencoder has no other target than the image. It
# returns **one number**, the mean over the batch. The `Mean` tracker collects the errors of all images and shows their
# average in the log, under its name. Of the encoder we take the first output only.

# %%
two_heads = make_encoder(original_dim, intermediate_dim, latent_dim)
point_encoder = keras.Model(two_heads.input, two_heads.outputs[0])
autoencoder = Autoencoder(point_encoder, make_decoder(latent_dim, intermediate_dim, original_dim))
autoencoder.compile(optimizer="adam")
if profile.trains:
    autoencoder.fit(x_train, batch_size=100, epochs=10, verbose=0)
autoencoder.evaluate(x_test, batch_size=500, verbose=0, return_dict=True)

# %% [markdown]
# So far so good. Now the codes of the test images, beside the circles of 1, 2 and 3 standard deviations of a prior
# $\mathcal N(0, I)$ that this model has never heard of:

# %%
codes, _ = metrics.encode(two_heads, x_test)
plots.latent_scatter(codes, images.y_test, title="Codes of a plain autoencoder")


# %% [markdown]
# The codes lie wherever training has put them, in another place and size each time, and with holes between. To draw a new
# image one would have to know where the codes are, and no formula says so. That is what the VAE adds: the sampling
# that fills the gaps between codes, and the KL term that keeps all of them near a distribution that is known.

# %% [markdown]
# ## Exercise: `make_vae` — 12 points
#
# Assemble the parts into one model and give it its loss.
#
# - `input_shape`: shape of one image, `(784,)` here and `(28, 28, 1)` in the next notebook; others, with three colours for
#   instance, should work too;
# - `encoder`, `decoder`, `sampling_layer`: Keras models and a layer as above. Use the arguments, not
#   the variables of this notebook: your function must work with other ones;
# - returns: a **compiled** `keras.Model`, trained by Adam, for which
#     - `predict(x)` gives the reconstruction of `x`,
#     - `fit(x)`, `fit(x, validation_data=(x_val, None))` and `evaluate(x, return_dict=True)` work and report
#       `loss`, `reconstruction` and `kl`: averages over images, in nats, with `loss` the sum of the two.
#
# There is no `y`: the image is its own target. So nothing is given to `compile` but the optimiser; a loss or a metric
# there would compare the prediction with a `y`.

# %% [markdown]
# One way is a class like `Autoencoder` above, with three changes: the sampling layer stands between encoder and decoder;
# the reconstruction term is the cross-entropy, summed over the pixels; and the KL term joins it. A tracker for each term
# puts it into the log. Any other style that keeps the promises above is as good. (A `train_step` of your own takes
# the images alone, and needs a `test_step` beside it.)
#
# <details><summary><b>Hint: the KL term is known in <code>call</code> and needed in <code>compute_loss</code></b></summary>
#
# A layer or model may announce a loss while it is called, with `self.add_loss(scalar)`, and what was
# announced is in `self.losses` afterwards.
# </details>
#
# <details><summary><b>Hint: the size of the reconstruction term</b></summary>
#
# `keras.losses.binary_crossentropy` returns the *mean* over the last axis. How many numbers is that for
# an image of shape `(784,)`, and how many for one of shape `(28, 28, 1)`? An untrained decoder predicts
# about ½ everywhere: the reconstruction term should then be near $784 \ln 2 \approx 543$ nats.
# </details>
#
# <details><summary><b>Hint: where to start with the KL term</b></summary>
#
# Copy your `kl_term` from notebook 1 into this cell, above `make_vae` or inside it.
# </details>
#
# <details><summary><b>Hint: where encoder, decoder and sampling layer come from</b></summary>
#
# From the arguments of `make_vae`. The checks hand in other ones than those of this notebook. A layer takes its inputs as
# one list, as in `sampling_layer([…, …])` above.
# </details>

# %% [markdown]
# This is what training should look like. The picture was made by the solution in the `full` profile,
# with 60,000 images and 50 epochs.
#
# ![Expected result: learning curve of the MLP VAE over 50 epochs. The test negative ELBO falls steeply in the first epochs, from over 280 to 270 nats, and then ever more slowly to 262, close to the landmark of the MLP VAE and far above the entropy floor of 189.9. The training curve lies a little below.](expected_learning_curve.png)

# %% nbgrader={"grade": false, "grade_id": "make_vae", "locked": false, "schema_version": 3, "solution": true, "task": false}
def make_vae(input_shape, encoder, decoder, sampling_layer):
    """A compiled keras.Model: x -> z_mean, z_log_var -> z -> x_decoded, trained on the negative ELBO."""
    ### BEGIN SOLUTION
    n_pixels = math.prod(input_shape)

    class VAE(keras.Model):
        def __init__(self):
            super().__init__(name="vae")
            self.encoder, self.sampling, self.decoder = encoder, sampling_layer, decoder
            self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
            self.kl_tracker = keras.metrics.Mean(name="kl")

        def call(self, x, training=None):
            # Layers such as batch normalisation need to know whether this is training.
            z_mean, z_log_var = self.encoder(x, training=training)
            kl = 0.5 * ops.sum(ops.exp(z_log_var) + ops.square(z_mean) - 1 - z_log_var, axis=-1)
            self.kl_tracker.update_state(kl)
            self.add_loss(ops.mean(kl))
            return self.decoder(self.sampling([z_mean, z_log_var]), training=training)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            x, y_pred = ops.reshape(x, (-1, n_pixels)), ops.reshape(y_pred, (-1, n_pixels))
            # Keras averages over the last axis, the ELBO sums over the pixels.
            reconstruction = n_pixels * keras.losses.binary_crossentropy(x, y_pred)
            self.reconstruction_tracker.update_state(reconstruction)
            return ops.mean(reconstruction) + sum(self.losses)

    vae = VAE()
    vae.compile(optimizer="adam")
    return vae
    ### END SOLUTION


# %% [markdown]
# The checks call your function with small encoders and decoders of their own, and compare what the model reports with
# what they compute. Nothing is trained for long, and chance plays no part. The hidden ones run when you hand the notebook
# in, or from its last cell.

# %% nbgrader={"grade": true, "grade_id": "test_make_vae_builds", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A compiled model that reconstructs (1 point).
check("make_vae.builds", make_vae)

# %% nbgrader={"grade": true, "grade_id": "test_make_vae_loss", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# loss, reconstruction and kl have the right values (3 points).
check("make_vae.loss", make_vae)

# %% nbgrader={"grade": true, "grade_id": "test_make_vae_fit", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# It can be fitted and validated (2 points).
check("make_vae.fit", make_vae)

# %% nbgrader={"grade": true, "grade_id": "test_make_vae_sampling", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: the parts passed in are the ones used (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("make_vae.sampling", make_vae)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_make_vae_gradients", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: gradients reach encoder and decoder (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("make_vae.gradients", make_vae)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_make_vae_images", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: other image shapes, batch sizes and latent dimensions (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("make_vae.images", make_vae)
### END HIDDEN TESTS

# %% [markdown]
# ## Training
#
# Before any training, look at the two terms. The decoder predicts about ½ for every pixel, which costs
# $784 \ln 2 = 543.4$ nats, and the codes say nothing yet.

# %%
vae = make_vae((original_dim,), encoder, decoder, sampling_layer)
vae.evaluate(x_test, batch_size=500, verbose=0, return_dict=True)

# %% [markdown]
# `fit` from `vaelab` runs the training steps of your model on batches of 100 images and shows the progress on one line.
# The learning rate rises at first, and then falls smoothly to zero. Watch how the two terms share the loss, and compare
# the KL term with the one above. Why would training make a part of its own loss worse?

# %%
history = fit(vae, x_train, x_test=x_test, epochs=profile.mlp_epochs)

# %% [markdown]
# The solid curve is the loss on the training images, the dashed one on the test images. Horizontal lines are landmarks:
# the two ends from above, and where the course's own VAEs end after a complete training, this one and that of notebook 3.
# The KL term is larger than before training, because codes that say something cost something; each nat spent on them
# saves many in the reconstruction.

# %% [markdown]
# A short training on a sixth of the images ends above its landmark. Here is the complete one, with 60,000 images and 50
# epochs, as it was recorded when the weights were made that come with the course:

# %%
plots.learning_curve(reference.history("mlp"))

# %% [markdown]
# ### Question — 2 points
#
# In the last epochs of the complete training the curves are flat. Has it converged? Mind what `fit` does to
# the learning rate. Does it overfit? Say what in the figure makes you think so, and what you would change first
# if you wanted a better ELBO.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_converged", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point for convergence, 1 for overfitting and what to change.
#
# - *Not for certain (1 point).* The curves are flat at the end because the learning rate has fallen to zero,
#   which flattens any curve. The training loss was still falling before, and a longer run would end a
#   little lower: the gain would be tenths of a nat. "Practically converged" earns the point if the answer says
#   what the flatness does and does not show.
# - *Hardly overfitting (½ point).* The test curve lies about two nats above the training curve and the gap
#   has widened slowly, but the test curve never turns upwards.
# - *What to change (½ point).* The number of latent dimensions: two numbers cannot describe an image
#   of clothes well, so the bottleneck, not the training, sets the limit. A larger or convolutional network
#   is worth half a point as well if the answer says why.
# <!-- END SOLUTION -->

# %% [markdown]
# ## What the model can do
#
# First the reconstructions: encode test images, take the mean of $q(z \mid x)$ and decode it. These
# images were not trained on.

# %%
z_mean, _ = metrics.encode(encoder, x_test[:10])
plots.reconstructions(x_test[:10], metrics.decode(decoder, z_mean), labels=images.y_test[:10])

# %% [markdown]
# Below each image is its reconstruction by *your* model. The kind of garment and its overall shape
# survive; prints, logos and laces do not, since two numbers have no room for them.

# %% [markdown]
# A VAE is also a generator. Drawing a code from the prior and decoding it gives a new image. Run the
# cell a few times.

# %%
z = np.random.normal(size=(10, latent_dim)).astype("float32")
plots.samples(metrics.decode(decoder, z))

# %% [markdown]
# They are blurred, and some are hardly more than a shadow; most have a place for sleeves, soles or handles. Compare them
# with the noise above: only the decoder's weights have changed. We come back to the shadows.

# %% [markdown]
# ## Two dimensions of latent space
#
# From here on we use the reference weights, which come from the complete training, so that the structure is fully
# developed. To see your own model instead, write `encoder, decoder` for the right side of the first line.

# %%
trained_encoder, trained_decoder = reference.load_mlp()
z_mean, z_log_var = metrics.encode(trained_encoder, x_test)
plots.latent_scatter(z_mean, images.y_test)

# %% [markdown]
# Each point is the posterior mean of one test image; circles mark 1, 2 and 3 standard deviations of the prior. Colours and
# markers show the classes, which the model has never seen. Still, each class has a place of its own, and neighbours are
# related.

# %% [markdown]
# ### Question — 2 points
#
# Sandals, sneakers and ankle boots lie side by side, away from everything else. Nobody told the model
# that they are all footwear. Why do they cluster?

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_footwear", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point each:
#
# - *Similar pixels.* Images of footwear have a great deal in common as images: a sole along the bottom,
#   the same side view, black in the upper corners. A decoder that can reuse one region of latent space,
#   with small changes, for all of them reconstructs them cheaply.
# - *Why close codes.* Decoders are smooth and codes are noisy ($z$ is drawn from $q(z \mid x)$, so
#   neighbouring codes get mixed up during training). A mix-up between similar images costs little, one between
#   a boot and a dress costs a lot; the ELBO is best where neighbours look alike. Labels play no part.
# <!-- END SOLUTION -->

# %% [markdown]
# ### Question — 1 point
#
# T-shirts, coats, pullovers and shirts overlap heavily. Give a reason, and say whether more training or
# more latent dimensions would be the more promising remedy.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_tops", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** ½ point each:
#
# - *Reason.* They are all a torso with sleeves seen from the front; what tells them apart (collar, buttons,
#   an open front, sleeve length) is small in pixels, so it hardly matters to the reconstruction, and the model
#   spends its two numbers on what matters more, such as overall brightness and width.
# - *Remedy.* More latent dimensions: there is no room for details in two. Training longer moves the ELBO by
#   tenths of a nat only (see the learning curve). "Neither, one would need labels" is fine with a reason.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Where the shape comes from
#
# The cloud of codes is roughly round and centred at zero, and hardly anything lies outside radius 3. To see where that
# comes from, compare three clouds of the same size: samples from the prior, one sample from the posterior of each test
# image (together they are the **aggregated posterior**), and the posterior means alone.

# %%
rng = np.random.default_rng(1)
epsilon = rng.normal(size=z_mean.shape)
plots.marginals(
    {
        "prior samples": rng.normal(size=z_mean.shape),
        "aggregated posterior samples": z_mean + np.exp(0.5 * z_log_var) * epsilon,
        "posterior means": z_mean,
    }
)

# %% [markdown]
# The middle and the right cloud have a **hole**: the prior is densest at the origin, and codes are rare there. How much of
# each cloud lies within radius 1?

# %%
for name, cloud in {"prior": rng.normal(size=(100_000, 2)), "posterior means": z_mean}.items():
    print(f"{name:15} {np.mean(np.linalg.norm(cloud, axis=1) < 1):.0%} within radius 1")

# %% [markdown]
# Two of five samples from the prior fall into a region that few images use, and that is where the shadows come from. The
# KL term looks at one image at a time: it asks each code to lie near the origin, and never asks whether all codes
# together are distributed like the prior. So a VAE can be sampled from, and its samples are not all good.

# %% [markdown]
# The code `z_mean + np.exp(0.5 * z_log_var) * epsilon` needs a *standard deviation*, which is what the factor ½ makes of a
# log variance. A function that asks for a covariance matrix, such as `np.random.multivariate_normal`, needs a *variance*,
# without the ½. The lab from which this course grew mixed the two up, and drew clouds that were too wide:

# %%
variance = np.exp(z_log_var).mean()
print(f"typical standard deviation of a code: {np.sqrt(variance):.3f}")
print(f"drawn if that is taken for a variance: {np.exp(0.5 * z_log_var).mean() ** 0.5:.3f}")

# %% [markdown]
# A factor of four, and nothing in a learning curve would have shown it.

# %% [markdown]
# ### Question — 4 points
#
# (a) Which term of the loss gives the aggregated posterior its shape, and how? (b) The middle and the right cloud look
# almost the same. What does that say about the posteriors of single images? (c) There are places, in the middle and
# between classes, where the prior is dense and no image has its code. What does that mean for samples drawn there?

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_marginal", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.**
#
# - (a, 2 points) The KL term (1). It charges every image for a code far from the prior
#   $\mathcal N(0, I)$: quadratically in the mean, so that hardly any code lies beyond radius 3, and without
#   preferring a direction, so that the cloud is round (1). The reconstruction term alone would push codes as far
#   apart as it could.
# - (b, 1 point) That they are narrow: single posteriors have standard deviations much smaller than the
#   cloud. Adding their noise to the means hardly changes the picture. (The average KL of about 6.5 nats says
#   the same: a code tells a lot about its image.)
# - (c, 1 point) The prior puts probability where no training image has its code. The decoder was never
#   trained there, so a sample from a gap is an interpolation of its neighbours and may look like no garment at
#   all.
# <!-- END SOLUTION -->

# %% [markdown]
# ## The manifold
#
# Now a picture of the whole plane. Equal steps in *probability* show each part of the prior as often as it is drawn. We
# take 15 quantiles between 5% and 95% along each axis, turn them into coordinates with the inverse of the Gaussian's
# cumulative distribution function, and decode all 225 codes in one call.

# %%
quantiles = np.linspace(0.05, 0.95, 15)
z1, z2 = np.meshgrid(norm.ppf(quantiles), norm.ppf(quantiles))
codes = np.stack([z1.ravel(), z2.ravel()], axis=1).astype("float32")
panel = metrics.decode(trained_decoder, codes)
panel.shape

# %% [markdown]
# One call decodes all of them: 225 calls with one code each would take far longer, since most of the time of a small call
# is spent on calling. The plot function does the same, and arranges the images so that the panel lines up with the
# scatter plot.

# %%
plots.manifold(lambda z: metrics.decode(trained_decoder, z))

# %% [markdown]
# Compare the panel with the scatter plot: footwear, trousers, tops and bags are where their points are, and the faint
# images are where the hole is. Between any two neighbours the change is gradual; the decoder has learned that from the
# noise in the codes.

# %% [markdown]
# ## Move through it yourself
#
# Two sliders, or the mouse on the map, and one image. Find the place where trousers turn into a dress, and one where the
# decoder draws something that nobody would wear. The decoder runs in this page, so that every image is exactly its
# output.

# %%
LatentExplorer(trained_decoder)

# %% [markdown]
# Notebook 4 has the same instrument with more: the codes of all test images, their posteriors, and paths between images.

# %% [markdown]
# ## What we have seen
#
# - Encoder, sampling and decoder make a model of images; the reparameterisation trick lets gradients through
#   the sampling.
# - The loss is the negative ELBO, in nats per image: reconstruction summed over pixels plus KL summed over
#   latent dimensions. For grey images it has a floor well above zero, so a loss means something only beside
#   landmarks.
# - With two latent dimensions the model keeps the kind and shape of a garment and loses detail. Classes
#   separate without labels as far as they differ in pixels.
# - The KL term draws the cloud of codes towards the prior. Samples from the prior work where the two agree, and fail where
#   they do not, as in the hole in the middle.
#
# **Next:** in `03_conv_vae` encoder and decoder learn that pixels have neighbours.
#
# **To read.** Kingma and Welling (2014, arXiv:1312.6114) and Rezende, Mohamed and Wierstra (2014, arXiv:1401.4082) found
# the method at the same time; both explain the reparameterisation trick. Loaiza-Ganem and Cunningham, *The continuous
# Bernoulli* (2019, arXiv:1907.06845), on grey pixels as coin flips. Hoffman and Johnson, *ELBO surgery* (2016), on
# the aggregated posterior. Xiao, Rasul and Vollgraf (2017, arXiv:1708.07747) made Fashion-MNIST.

# %% [markdown]
# **Where you stand.** The table shows each check as it last ran here. Without a teacher, take the `#` out of the first
# line: it runs the hidden checks too.

# %%
# run_hidden("02_vae", make_vae)
show_progress("02_vae")
