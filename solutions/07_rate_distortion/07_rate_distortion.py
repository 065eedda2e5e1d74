# %% [markdown]
# # 7 · More dimensions, and a price on the code
#
# Two latent dimensions fit on a page, and they are hardly enough for anything else. Here you meet models with up to 32,
# models that pay more or less for their codes than they should, and models that have stopped using codes at all. At the
# end you can read, choose and debug a VAE of your own.
#
# **You will be able to**
#
# - say how many of its dimensions a VAE uses, and why it leaves the others alone;
# - read a model as a point between rate and distortion, and recognise posterior collapse;
# - find out which β somebody's loss trains, whatever it looks like;
# - sample from where the codes are, and say what a likelihood does not tell about an image.
#
# *About two hours. Useful before: `02_vae`, `05_looks_healthy`. 14 points for code, 6 for written answers.*

# %%
import vaelab.quiet  # first: starts TensorFlow without its messages
# No module named 'vaelab'? Run this line in a new cell, then restart the kernel:  %pip install ../..

import numpy as np
from IPython.display import display
from ipywidgets import SelectionSlider
from scipy.cluster.vq import kmeans2

from vaelab import data, doctor, metrics, plots, profiles, published, reference, sweep
from vaelab.borrow import borrow
from vaelab.checks import check
from vaelab.doctor import patients
from vaelab.models import Sampling
from vaelab.progress import run_hidden, show_progress
from vaelab.sliders import Sliders
from vaelab.sweep import figures

# %% [markdown]
# Fifteen models were trained beforehand: MLP VAEs as in notebook 2, for 24 epochs on the course's 10,000 training images.
# They differ in two numbers only: the latent dimension $d$, and the weight β of the KL in the loss. All numbers are nats per
# image on the 2,000 test images. Nothing is trained here, in any profile.

# %%
images = data.load(profiles.PROFILES["quick"])
x_train, x_test = (x.reshape(len(x), -1) for x in (images.x_train, images.x_test))
models = sweep.everything()
print(f"{len(models)} models: {'; '.join(map(repr, models))}")

# %% [markdown]
# ## More dimensions
#
# What does a third dimension buy, and what a tenth? First the models with β = 1, which are ordinary VAEs. Beside the
# negative ELBO stands the importance-weighted bound of 500 samples, which lies closer to the true $-\log p(x)$; it is
# computed on the first 500 test images, and lower is better for both.

# %%
for latent_dim in sweep.LATENT_DIMS:
    m = sweep.model(latent_dim)
    print(
        f"d = {latent_dim:2}: reconstruction {m.reconstruction:.1f} + KL {m.kl:4.1f} = negative ELBO {m.negative_elbo:.1f},"
        f" bound {m.iw[500]:.1f}, classes by neighbours {m.knn:.2f}"
    )

# %% [markdown]
# From one dimension to eight, each doubling saves nats, first thirty and then five. From 8 to 32 the negative ELBO changes by less than one. The code
# does not get longer either: the KL stays near 15 nats whether there are 16 dimensions or 32. What do the others do?
#
# (One training each. With another seed these numbers change by half a nat or less, but for one dimension: four
# trainings ended at 299 (this one), 300, 311 and 314 nats. A likely reason: on a line, classes can end in different orders, and training finds no way from one to another.)

# %% [markdown]
# Move the slider. Each bar is the KL of one dimension, the largest first; the dotted line is at 0.1 nats.

# %%
Sliders(
    figures.across_dimensions,
    latent_dim=SelectionSlider(options=sweep.LATENT_DIMS, value=16, description="d", continuous_update=False),
)


# %% [markdown]
# Up to eight dimensions every bar stands high. With 16 the last three lie below the dotted line, and with 32 more than half: $q(z_i \mid x)$ is
# the prior, whatever the image. Such a dimension costs nothing and says nothing. The images below change little after
# $d = 8$: sleeves, soles and handles are right, prints and laces are not.

# %% [markdown]
# ### Question — 2 points
#
# The decoder of the model with 32 dimensions has weights for all of them, and could use them. Explain why training switches
# dimensions off: what would a dimension have to achieve to pay for itself? And why does a VAE with a switched-off dimension
# draw as good samples as one without it?

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_switched_off", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point for the price, ½ for what follows, ½ for the samples.
#
# - *The price (1 point).* Each nat of KL is paid in the loss and has to save more than one nat of reconstruction. The first
#   dimensions describe what differs most between images; what is left after about ten of them is fine detail that differs from image to image, and a
#   network of this size cannot turn a nat of code into a nat of pixels there.
# - *What follows (½ point).* As soon as a dimension saves less than it costs, the gradient of the KL wins and moves $q(z_i \mid x)$ to the
#   prior, where the KL is exactly zero. The decoder then sees pure noise in this dimension and learns to ignore it, which makes its use even less
#   profitable: both halves agree to leave it alone.
# - *Samples (½ point).* The decoder ignores the dimension, so it does not matter what is drawn for it, and what is drawn, N(0, 1), is
#   what it saw in training as well.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Which dimensions are used
#
# Counting bars by eye is no measurement. The usual definition looks at `z_mean`: a dimension that says something
# about an image gives different images different means. It is **active** if the variance of `z_mean` over the images exceeds a threshold,
# usually 0.01 (Burda, Grosse and Salakhutdinov, 2016).

# %% [markdown]
# ## Exercise: `active_units` — 2 points
#
# - `z_mean`: NumPy array `(N, latent_dim)`, one row for each image;
# - `threshold`: the variance that an active dimension exceeds;
# - returns: how many dimensions are active, one number.

# %% [markdown]
# <details><summary><b>Hint: which axis?</b></summary>
#
# There should be one variance for each latent dimension. `np.var(z_mean)` without more is a single number; print the shape of what you get.
# </details>

# %% nbgrader={"grade": false, "grade_id": "active_units", "locked": false, "schema_version": 3, "solution": true, "task": false}
def active_units(z_mean, threshold=0.01):
    """Number of latent dimensions whose variance over the images exceeds the threshold."""
    ### BEGIN SOLUTION
    return int((np.var(z_mean, axis=0) > threshold).sum())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_active_units_counts", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Active dimensions are counted (1 point).
check("active_units.counts", active_units)

# %% nbgrader={"grade": true, "grade_id": "test_active_units_threshold", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden check: other thresholds and other sizes (1 point). The last cell can run it.
### BEGIN HIDDEN TESTS
check("active_units.threshold", active_units)
### END HIDDEN TESTS

# %% [markdown]
# Now on the recorded models, beside the number of bars above 0.1 nats.

# %%
for latent_dim in sweep.LATENT_DIMS:
    m = sweep.model(latent_dim)
    z_mean, _ = m.codes
    print(f"d = {latent_dim:2}: active {active_units(z_mean):2}, KL above 0.1 nats {sum(kl > 0.1 for kl in m.kl_each):2}")

# %% [markdown]
# The two disagree: of 32 dimensions the definition calls all active, and 14 pay more than a tenth of a nat. Look at one of the quiet ones.

# %%
quiet = sweep.model(32)
i = int(np.argmin(quiet.kl_each))
z_mean, _ = quiet.codes
print(f"dimension {i + 1}: variance of z_mean {z_mean[:, i].var():.3f}, KL {quiet.kl_each[i]:.3f} nats")

# %% [markdown]
# A variance of 0.02 beside a noise of variance 1 carries about a hundredth of a nat: no decoder can use that. An encoder trained on only
# 10,000 images never gets its useless outputs quite still, and the usual threshold, made for larger data, calls the rest activity.
# With thresholds, look at the quantity that matters, here the KL in nats, before you trust a count.

# %% [markdown]
# ## A price on the code
#
# The two terms of the ELBO have names in the theory of compression: the KL is the **rate**, nats spent on the code, and the reconstruction the
# **distortion**, nats that the image still costs once the code is known. The β-VAE (Higgins et al., 2017) weighs them:
#
# $$ \text{loss} = \text{distortion} + \beta \cdot \text{rate}. $$

# %% [markdown]
# β is the price of a nat of code. (Higgins et al. chose it above 1, in the hope that each dimension would then describe one property of an image.) A model is a point in the
# plane of the two (Alemi et al., 2018). All points on a line of slope −β have the same loss, so training moves the model down, from line to line, as far as its networks can follow.

# %%
figures.rate_distortion()

# %% [markdown]
# Blue circles are models with 16 dimensions: the cheaper the code, the farther to the right. All have the same networks and differ in β alone. Orange-red
# squares are the models of the first section. Green triangles have two dimensions: where codes are cheap they lie far above the blue curve, and where they are expensive they lose nothing. The dotted lines have slope −β: along each,
# the loss that this model was trained on stays the same, and the curve lies above it.

# %% [markdown]
# Now move β and watch all at once: the point, the reconstructions, the samples, the KL of each dimension. Stop where details disappear, where kinds
# of clothes become confused, and where all images become one.

# %%
Sliders(
    figures.across_beta,
    beta=SelectionSlider(options=sweep.BETAS, value=50.0, description="β", continuous_update=False),
)

# %% [markdown]
# With β = 50 the code has all but disappeared: 0.2 nats are left, not a tenth of a nat in any dimension, and reconstructions are one of two grey blurs, a garment or a shoe. This is **posterior collapse**:
# $q(z \mid x)$ is nearly the prior for every image, and the decoder is on its way to the pixel-mean model, which knows no code and costs 385 nats. Ours has stopped at 370,
# others, from other seeds, at 356, 358 and 369.

# %% [markdown]
# At the other end, with β = 0.1, reconstructions are sharpest and samples are worst. Codes have become so precise that they leave
# most of the prior empty, and what is drawn there was never decoded in training.

# %% [markdown]
# ### Which β is best?
#
# By the negative ELBO, β = 1 has to win, because this is the loss that it was trained on. But the negative ELBO is an upper bound of $-\log p(x)$, and it is tight only if $q(z \mid x)$ is near
# the true posterior. We compare it with the importance-weighted bound.

# %%
row = [sweep.model(16, beta) for beta in sweep.BETAS[:-1]]
figures.bounds(row)
for m in row:
    print(f"β = {m.beta:3g}: negative ELBO {m.negative_elbo:.1f}, bound {m.iw[500]:.1f}, classes by neighbours {m.knn:.2f}")

# %% [markdown]
# The two curves meet nowhere, and they part where β is far from 1: at β = 10 they are 16 nats apart, at β = 1 only four. Classes
# separate about equally well from β = 0.1 to 1, and worse beyond.

# %% [markdown]
# For $d \le 2$ nothing has to be bounded: notebook 6 adds up $\log p(x)$ exactly.

# %%
for m in models:
    if m.evidence is not None:
        print(f"{m!r}: negative ELBO {m.negative_elbo:.1f}, bound {m.iw[500]:.1f}, exact {m.evidence:.1f}")


# %% [markdown]
# Exact values lie below both, and the bound is within half a nat of them except for β = 0.1, whose posteriors are narrow. By the negative ELBO the model with
# β = 20 is 25 nats worse than the one with β = 1; in truth it is 9. The rest is its encoder's doing, which was trained for another price.

# %% [markdown]
# ### Question — 2 points
#
# A colleague trained with β = 10, reads a negative ELBO of 271.8 and concludes: "The decoder is more than 23 nats worse than with β = 1." What does the figure say about that? Where do most of the nats come from? Name one use for which you would choose
# a β below 1, and one for a β above 1.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_which_beta", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point for the bound, 1 for the uses.
#
# - *The bound (1 point).* The importance-weighted bounds are 255.7 and 244.0: as far as they can tell, the models are twelve nats apart, about half of the difference.
#   The rest is the bound's looseness: $q(z \mid x)$ was trained to be cheap, at ten times the price, and is too wide for the decoder's true posterior. The decoder is
#   better than the encoder lets it look. Half a point for "the ELBO is only a bound" without the numbers. (The bound with 500 samples is loose as well, so the true difference may be smaller still.)
# - *β below 1 (½ point).* Where codes are used and not sampled: compression with little loss, features for a classifier (classes separate
#   slightly better at ½), a first stage whose prior is fitted afterwards, as below.
# - *β above 1 (½ point).* Where few, cheap, smooth dimensions are wanted: a latent space to look at, or codes to be
#   interpolated. "Disentanglement" earns the half point if the answer says that it is not guaranteed.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Which β does a loss train?
#
# Few people set β on purpose. Many set it by accident: an average where a sum belongs multiplies one term by a size, and the loss still falls. A loss is a function; what it weighs can be
# found by calling it, without reading it.

# %% [markdown]
# ## Exercise: `effective_beta` — 4 points
#
# - `loss`: a function of `(x, x_decoded, z_mean, z_log_var)` that returns a scalar. It is somebody's: you can call it, up to a thousand times, and not read it;
# - `x`, `x_decoded`: arrays `(batch, pixels)`, in (0, 1); `z_mean`, `z_log_var`: `(batch, latent_dim)`;
# - returns: β, the weight of the KL (summed over dimensions, averaged over images) relative to the weight of the Bernoulli reconstruction (summed over pixels,
#   averaged over images). The negative ELBO has β = 1.
#
# Somebody may have multiplied the whole loss by something, or added a constant. Neither changes β.

# %% [markdown]
# <details><summary><b>Hint: which argument belongs to which term?</b></summary>
#
# The KL depends on `z_mean` and `z_log_var` only. The reconstruction depends on `x` and `x_decoded` only. Change one pair, and see by how much the loss
# changes.
# </details>
#
# <details><summary><b>Hint: from a change to a weight</b></summary>
#
# A weight is the change of the loss divided by the change of the term. Compute both terms yourself, as the ELBO has them; for instance with codes of zeros, whose KL is zero, and
# with `x_decoded` equal to ½ everywhere.
# </details>

# %% nbgrader={"grade": false, "grade_id": "effective_beta", "locked": false, "schema_version": 3, "solution": true, "task": false}
def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    """The weight of the KL in a loss, relative to that of the reconstruction."""
    ### BEGIN SOLUTION
    def reconstruction(p):
        return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1).mean()

    grey, zero = np.full_like(x_decoded, 0.5), np.zeros_like(z_mean)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1).mean()
    full = float(loss(x, x_decoded, z_mean, z_log_var))
    of_kl = (full - float(loss(x, x_decoded, zero, zero))) / kl
    of_reconstruction = (full - float(loss(x, grey, z_mean, z_log_var))) / (reconstruction(x_decoded) - reconstruction(grey))
    return of_kl / of_reconstruction
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_effective_beta_sums", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A weight on the KL, the reconstruction, or both (1 point).
check("effective_beta.sums", effective_beta)

# %% nbgrader={"grade": true, "grade_id": "test_effective_beta_averages", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Averages in place of sums (1 point).
check("effective_beta.averages", effective_beta)

# %% nbgrader={"grade": true, "grade_id": "test_effective_beta_unseen", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: constants, signs and other sizes (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("effective_beta.unseen", effective_beta)
### END HIDDEN TESTS

# %% [markdown]
# ### Twelve losses
#
# Here are twelve losses as they are found in books, tutorials, library examples and issue trackers, retyped. Guess first: which of them are wrong, and
# which only look it?

# %%
for name, found in published.LOSSES.items():
    print(f"{name:17} {found.about} ({found.where})")

# %% [markdown]
# Your function needs no opinion. It gets 100 test images, and a model with 16 dimensions.

# %%
m = sweep.model(16)
z_mean, z_log_var = (part[:100] for part in m.codes)
x, x_decoded = (np.clip(t, 0.01, 0.99) for t in (x_test[:100], m.decode(z_mean)))
for name, found in published.LOSSES.items():
    beta = effective_beta(found.loss, x, x_decoded, z_mean, z_log_var)
    print(f"{name:17} measured {beta:10.4g}   {found.verdict}; by the formula {found.beta}")

# %% [markdown]
# *by 784* was reported as a bug, since the KL of a batch is divided by the number of pixels. It is right: the reconstruction is divided by 784 as well, and a
# common factor changes the learning rate's meaning and nothing else. *KL mean* looks harmless, and trains with β = 1/16 here, so that its models reconstruct well and sample badly.
# *pixel mean* and *KL batch sum* have a β of hundreds and of tens of thousands: full collapse.

# %% [markdown]
# Two losses have another reconstruction, the squared error of a Gaussian, and the measured number compares it with the Bernoulli term: for them, believe the formula. And two lines measure 1
# and are wrong all the same, because their mistake is not in the loss: it is in how codes are drawn. No function of the loss can find it, and your test of notebook 5 does.

# %% [markdown]
# ## Holes in the prior
#
# To draw a new image we take a code from N(0, I). Is that where the codes are? The average of $q(z \mid x)$ over all images should be the prior, and nothing in the ELBO
# makes it exactly so (Hoffman and Johnson, 2016). We draw a code for each training image and look at two dimensions.

# %%
m = sweep.model(16)
z_mean, z_log_var = metrics.encode(m.encoder, x_train)
noise = np.random.default_rng(0).normal(size=z_mean.shape)
codes = (z_mean + np.exp(0.5 * z_log_var) * noise).astype("float32")
prior = np.random.default_rng(1).normal(size=(2000, 16)).astype("float32")
figures.holes(codes[:4000], {"codes and samples from N(0, I)": prior[:1000]})

# %% [markdown]
# Most crosses lie among the grey codes, and some in a gap on the right that no code uses. There are 16 dimensions, though, and a point can be ordinary in every pair of them and still lie where no code is. So
# we ask the images: how many of the decoded samples lie among reconstructions of test images? (A sample is among
# them if it is no farther from one of them than that one's third-nearest neighbour is, in 50 principal components; Kynkäänniemi et al., 2019.)

# %%
real = m.decode(m.codes[0])
print(f"precision of samples from N(0, I): {metrics.manifold_precision(m.decode(prior), real):.2f}")
plots.samples(m.decode(prior[:20]))


# %% [markdown]
# Three of ten lie among reconstructions. Look at the others: sleeves of a pullover on a shoe, shapes that begin as one thing and end as another. The decoder was never
# trained there.

# %% [markdown]
# ## Exercise: `fit_prior` — 4 points
#
# The decoder is fine; what is drawn is not. So draw from where the codes are: fit a density to them, afterwards (Ghosh et al., 2020). Write a function that does so.
#
# - `codes`: array `(N, latent_dim)`;
# - returns: a **function** `sample(n, seed)` that returns `(n, latent_dim)` new codes: the same for the same seed, others for another.
#
# The checks give you codes in groups with nothing in between. At least 70 % of your samples must fall where codes fall, every group must get about its
# share, and no sample may be a copy of a code.

# %% [markdown]
# <details><summary><b>Hint: which density?</b></summary>
#
# One Gaussian cannot leave a hole in the middle. Many can: put the codes into, say, twenty groups with `kmeans2(codes, 20, minit="++", seed=0)`, which returns the
# centres and the group of each code, and give each group a Gaussian of its own.
# </details>
#
# <details><summary><b>Hint: a sample from many Gaussians</b></summary>
#
# First choose a group, as often as it has codes: the group of a random code will do. Then draw from that group's Gaussian:
# `rng.multivariate_normal(mean, covariance)` with `rng = np.random.default_rng(seed)`. A group with fewer codes than dimensions has no covariance: leave
# it out.
# </details>

# %% nbgrader={"grade": false, "grade_id": "fit_prior", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit_prior(codes):
    """A function sample(n, seed) that draws new codes, (n, latent_dim), from where the codes are."""
    ### BEGIN SOLUTION
    _, group = kmeans2(codes, 20, minit="++", seed=0)
    large = [k for k in range(20) if (group == k).sum() > 2 * codes.shape[1]]
    members = group[np.isin(group, large)]  # a random one of these is a group with the right probability
    mean = {k: codes[group == k].mean(axis=0) for k in large}
    factor = {k: np.linalg.cholesky(np.cov(codes[group == k].T) + 1e-6 * np.eye(codes.shape[1])) for k in large}

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=(n, codes.shape[1]))
        return np.stack([mean[k] + factor[k] @ e for k, e in zip(rng.choice(members, n), noise)])

    return sample
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_fit_prior_samples", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A function of n and a seed (1 point).
check("fit_prior.samples", fit_prior)

# %% nbgrader={"grade": true, "grade_id": "test_fit_prior_precise", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Samples lie where codes lie (2 points).
check("fit_prior.precise", fit_prior)

# %% nbgrader={"grade": true, "grade_id": "test_fit_prior_covers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden check: all groups of codes, and new codes (1 point). The last cell can run it.
### BEGIN HIDDEN TESTS
check("fit_prior.covers", fit_prior)
### END HIDDEN TESTS

# %% [markdown]
# What does it do for the images? The same decoder, other codes: first one Gaussian with the mean and covariance of the codes, then yours.

# %%
gaussian = np.random.default_rng(2).multivariate_normal(codes.mean(0), np.cov(codes.T), 2000)
fitted = fit_prior(codes)(2000, 3)
for name, z in {"N(0, I)": prior, "one Gaussian": gaussian, "fit_prior": fitted}.items():
    print(f"{name:12} precision {metrics.manifold_precision(m.decode(z), real):.2f}")
plots.samples(m.decode(fitted[:20]))

# %% [markdown]
# One Gaussian helps a little: the spread was not what was wrong. Your mixture leaves the holes empty, and nearly eight of ten samples lie among reconstructions. The decoder
# has not been touched.

# %% [markdown]
# This is the idea of **latent diffusion** (Rombach et al., 2022): an autoencoder with a very small price on its codes, and a second, much stronger model of where the codes
# are. Yours is a mixture of twenty Gaussians, fitted in a second. There it is a diffusion model, which can leave holes of any shape empty.

# %%
figures.holes(codes[:4000], {"N(0, I)": prior[:1000], "one Gaussian": gaussian[:1000], "fit_prior": fitted[:1000]})

# %% [markdown]
# Three panels with the same grey codes. Only in the last do the crosses keep to where the codes crowd and leave the empty parts empty, although two of 16 dimensions show little of
# it.

# %% [markdown]
# ## What a likelihood is not
#
# A model that knows clothes should find other images strange, and $-\log p(x)$ seems to be the measure of that. We ask the course's reference model of notebook 2, by the negative
# ELBO, about the test images and about some that are no clothes.

# %%
encoder, decoder = reference.load_mlp()


def negative_elbo(x, encoder, decoder):
    z_mean, z_log_var = metrics.encode(encoder, x)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1)
    return metrics.bernoulli_nll(x, metrics.decode(decoder, z_mean)) + kl


# %% [markdown]
# Strange images made from ordinary ones:

# %%
rng = np.random.default_rng(5)
half = x_test[1000:]
strange = {
    "black": np.zeros_like(half),
    "dark, a quarter": 0.25 * half,
    "upside down": half.reshape(-1, 28, 28)[:, ::-1].reshape(half.shape),
    "shuffled pixels": rng.permuted(half, axis=1),
    "inverted": 1 - half,
}
plots.compare(half[:10], {name: odd[:10] for name, odd in strange.items()})

# %% [markdown]
# Ten test images, and a row for each kind made from them. A score sorts well if a strange image mostly gets a higher one than a test image: the probability of that is the **AUROC**, ½ for chance and 1 for
# perfect sorting.

# %%
ordinary = negative_elbo(x_test[:1000], encoder, decoder)
print(f"{'test images':16} {ordinary.mean():6.1f} nats")
for name, odd in strange.items():
    score = negative_elbo(odd, encoder, decoder)
    print(f"{name:16} {score.mean():6.1f} nats, AUROC {metrics.auroc(ordinary, score):.3f}")


# %% [markdown]
# A black image is "more likely" than every single test image. The model is not broken. A black pixel is cheap to get right, a grey one costs its entropy even when it is right, and
# so the score sorts by ink and not by oddity (Nalisnick et al., 2019; Caterini and Loaiza-Ganem, 2021).

# %% [markdown]
# ### Question — 2 points
#
# Black images never occurred in training. How can a density be higher there than at every image that did? Then a remedy: subtract from each image's score its own entropy floor, what it costs when it is reconstructed perfectly. Which kinds above does that
# help, and which not? (Try it: `metrics.bernoulli_nll(x, x)`.)

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_likelihood", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point for the density, 1 for the floor.
#
# - *The density (1 point).* A density is not a probability of occurring: that takes a volume as well. There are very few images near the black one and very many ordinary ones, so that a region of low density
#   can hold nearly all of the probability, as a shell of a Gaussian in many dimensions does. In this model each pixel has a factor of its own, and for a black pixel that is near 1, so that black is the likeliest value of most pixels. Full marks for either argument, ½ for "the
#   model learned that pixels are mostly black" without more.
# - *The floor (1 point).* It takes away what a pixel costs because it is grey, so that shuffled and upside-down images stand out better (AUROC 0.996 and 0.85 against 0.96 and 0.71). Black improves only to
#   little more than chance (0.57), and dark gets worse (0.03): the error of a dark image is small because there is little in it, and less is subtracted.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Exercise: `anomaly_score` — 4 points
#
# Find a better score.
#
# - `x`: images `(N, pixels)` in [0, 1]; `encoder`, `decoder`: Keras models as above;
# - returns: `(N,)`, larger for stranger images.
#
# It is judged by its AUROC on kinds of strange images, those above and others: it should notice dark images as well as shuffled ones. It gets the models
# of this section and images that you have not seen.

# %% [markdown]
# <details><summary><b>Hint: what do the errors look like?</b></summary>
#
# Decode `z_mean` for a few images of each kind and look at them beside the originals with `plots.reconstructions`. The model always answers with a garment of ordinary brightness. For which kinds is the answer far from the question,
# *compared with how much there is in the image*?
# </details>

# %% nbgrader={"grade": false, "grade_id": "anomaly_score", "locked": false, "schema_version": 3, "solution": true, "task": false}
def anomaly_score(x, encoder, decoder):
    """How strange each image is to the model: (N,), larger for stranger."""
    ### BEGIN SOLUTION
    z_mean, _ = metrics.encode(encoder, x)
    error = ((x - metrics.decode(decoder, z_mean)) ** 2).sum(axis=1)
    return error / np.maximum((x**2).sum(axis=1), 1e-6)  # what is wrong, compared with what there is
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_anomaly_score_obvious", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Higher for inverted images and shuffled pixels (1 point).
check("anomaly_score.obvious", anomaly_score)

# %% nbgrader={"grade": true, "grade_id": "test_anomaly_score_ink", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Higher for black and darkened images (2 points).
check("anomaly_score.ink", anomaly_score)

# %% nbgrader={"grade": true, "grade_id": "test_anomaly_score_unseen", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden check: strange images of other kinds (1 point). The last cell can run it.
### BEGIN HIDDEN TESTS
check("anomaly_score.unseen", anomaly_score)
### END HIDDEN TESTS

# %% [markdown]
# Both scores side by side:

# %%
better = anomaly_score(x_test[:1000], encoder, decoder)
for name, odd in strange.items():
    naive = metrics.auroc(ordinary, negative_elbo(odd, encoder, decoder))
    print(f"{name:16} negative ELBO {naive:.3f}, yours {metrics.auroc(better, anomaly_score(odd, encoder, decoder)):.3f}")

# %% [markdown]
# The relative error, for instance, finds dark images in 84 of 100 pairs and upside-down ones in 81, and it is a little worse than the negative ELBO on inverted ones. No single number is right for every kind of strangeness: a score
# for "far from what I would draw" has to be told what counts as far.

# %% [markdown]
# ## A doctor for VAEs
#
# What you did with `effective_beta` works on whole models, too. `doctor.examine` runs a model's own training step, puts other numbers in the place of its codes and reconstructions,
# and reads from the loss what the model really trains. First your own `make_vae`, with the networks of the reference model and 200 images:

# %%
if profiles.current().trains:
    make_vae = borrow("02_vae", "make_vae")
    display(doctor.examine(make_vae((784,), encoder, decoder, Sampling()), x_train[:200]))

# %% [markdown]
# It should find no fault. Click on *Examined*, and compare what it measured with what you know: β is 1, the reconstruction is a sum over pixels, and the bound lies a little above the exact $-\log p(x)$, as in notebook 6.

# %% [markdown]
# Three patients: untrained models with one mistake each, which no learning curve would show at once. What would training make of each, of its reconstructions and of its samples?

# %%
for patient in patients.load().values():
    display(doctor.examine(patient, x_train[:200]))

# %% [markdown]
# The first pays an eighth of the price for its codes: sharp reconstructions and poor samples, as with β = 0.1. The second draws codes of another width than its KL pays for, so that its loss is no bound of $\log p(x)$.
# The third is *pixel mean* of the twelve losses, and will collapse.
#
# The doctor takes any Keras VAE: `doctor.examine(your_model, your_images)`, or `python -m vaelab.doctor your_module.py:your_function` in a terminal. It says as well what it did *not* examine.

# %% [markdown]
# ## What we have seen
#
# - A VAE uses as many dimensions as pay for themselves, here about a dozen, and switches the others off. Counts of active dimensions depend on a threshold: look at the KL.
# - A model is a point between rate and distortion; β is the price of a nat of code. With too high a price the code disappears: posterior collapse.
# - For β ≠ 1 the ELBO says little about the decoder. Sums and averages in a loss set β by accident, and calling the loss finds it.
# - Codes do not fill the prior. A density fitted afterwards finds them, and samples become as good as reconstructions.
# - A likelihood measures how cheap an image is, not how ordinary.
#
# **To read.** Alemi et al., *Fixing a broken ELBO* (2018); Higgins et al., *β-VAE* (2017); Hoffman and Johnson, *ELBO surgery* (2016); Lucas et al., *Don't blame the ELBO!* (2019);
# Ghosh et al., *From variational to deterministic autoencoders* (2020); Nalisnick et al., *Do deep generative models know what they don't know?* (2019).

# %% [markdown]
# **Where you stand.** The table shows each check as it last ran here. Without a teacher, take the `#` out of the first
# line: it runs the hidden checks too.

# %%
# run_hidden("07_rate_distortion", active_units, effective_beta, fit_prior, anomaly_score)
show_progress("07_rate_distortion")
