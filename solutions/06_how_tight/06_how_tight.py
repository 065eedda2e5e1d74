# %% [markdown]
# # 6 · How tight is the bound?
#
# A VAE is trained on a lower bound of $\log p(x)$, and papers report the bound as if it were the thing. With two latent
# dimensions the thing itself can be computed. Here you see how much the bound hides, in which images, and why.
#
# **You will be able to**
#
# - compute $\log p(x)$ as an integral over a plane, and say when the sum has converged;
# - read a true posterior beside the Gaussian that the encoder gives;
# - write the importance-weighted estimate of $\log p(x)$, stably, and say what it can and cannot find;
# - split the gap of the ELBO into what the encoder loses and what Gaussians lose.
#
# *About an hour and a half. Useful before: `01_kl_term`, `02_vae`. 12 points for code, 5 for written answers.*

# %%
import vaelab.quiet  # first: starts TensorFlow without its messages
# No module named 'vaelab'? Run this line in a new cell, then restart the kernel:  %pip install ../..

import keras
import numpy as np
from ipywidgets import IntSlider, fixed
from keras import ops
from scipy.special import logsumexp

from vaelab import data, evidence, metrics, plots, profiles, reference
from vaelab.checks import check
from vaelab.evidence.gaussian import best_gaussian
from vaelab.progress import run_hidden, show_progress
from vaelab.sliders import Sliders

# %% [markdown]
# Nothing is trained in this notebook. We use the reference MLP of notebook 2 and the test images of the sample.

# %%
profile = profiles.current()
images = data.load(profiles.PROFILES["quick"])  # the recorded numbers below are for the sample's 2,000 test images
x_test = images.x_test.reshape(len(images.x_test), -1)
encoder, decoder = reference.load_mlp()
z_mean, z_log_var = metrics.encode(encoder, x_test)
print(f"{len(x_test):,} test images, {z_mean.shape[1]} latent dimensions")


# %% [markdown]
# ## The evidence is an integral
#
# The model says how an image comes about: a code is drawn from the prior, and the decoder turns it into the probability of
# every pixel. The probability of an image, its **evidence**, adds up all the codes that it may have come from:
#
# $$ p(x) = \int p(x \mid z)\, p(z)\, \mathrm dz . $$
#
# In 20 dimensions nobody can add that up. In two it is a sum over a square.

# %% [markdown]
# We take one sneaker and decode 81 × 81 codes. For each of them, $\log p(x \mid z)$ is the cross-entropy of notebook 2 with
# its sign changed, and $\log p(z)$ the log density of two standard Gaussians.

# %%
def log_joint(x, n):
    """Axis of n codes from -6 to 6, and log p(x, z) for all n x n codes on it."""
    axis = np.linspace(-6, 6, n)
    z = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    log_p_x_given_z = -metrics.bernoulli_nll(np.broadcast_to(x, (len(z), 784)), metrics.decode(decoder, z))
    log_p_z = -0.5 * np.sum(z**2, axis=1) - np.log(2 * np.pi)
    return axis, (log_p_x_given_z + log_p_z).reshape(n, n)


axis, values = log_joint(x_test[108], 81)
plots.joint(axis, values)

# %% [markdown]
# On the left, colours go down by hundreds of nats: nearly all codes are hopeless for this image. On the right is what counts
# in the sum, and it is a spot. Divided by its total it is the **true posterior** $p(z \mid x)$. The
# encoder's $q(z \mid x)$ tries to be that spot; dashed circles show the prior.

# %% [markdown]
# The integral is the sum of all values times the area that each code stands for. The values are far too small for any
# floating-point number, so the sum is made in logarithms.

# %%
area = (axis[1] - axis[0]) ** 2
print(f"log p(x) = {logsumexp(values) + np.log(area):.2f} nats")

# %% [markdown]
# ## When has the sum converged?
#
# A number from a grid is worth nothing without a second one from a finer grid. We make the grid finer step by step, for
# this image and two others.

# %%
counts = [21, 41, 81, 161, 321]
chosen = {"sneaker, 108": 108, "sneaker, 57": 57, "T-shirt, 110": 110}


def summed(x, n):
    """log p(x) from a grid of n x n codes."""
    axis, values = log_joint(x, n)
    return logsumexp(values) + 2 * np.log(axis[1] - axis[0])


sums = {name: [summed(x_test[i], n) for n in counts[: 5 if profile.trains else 3]] for name, i in chosen.items()}
plots.grid_convergence(counts[: len(sums["sneaker, 57"])], sums)

# %% [markdown]
# Coarse grids are off by nats, in either direction: a code may fall on the peak or miss it. From a certain point on the
# error vanishes at once, and where that point lies depends on the image: the narrower its posterior, the finer the
# grid has to be.

# %% [markdown]
# `vaelab.evidence` does this for many images at once. It refines the grid only where an image has its mass, until the
# estimated error is below 0.01 nats, and it refuses to answer if the square does not hold the posterior.

# %%
plane = evidence.Plane(decoder)
exact = plane.log_evidence(x_test if profile.trains else x_test[:200])
print(f"{len(exact.log_p):,} images: mean log p(x) {exact.log_p.mean():.2f}, errors below {exact.error.max():.3f} nats")

# %% [markdown]
# This is the number that the ELBO bounds: −258.30 nats per image on the 2,000 test images. The mean negative ELBO of the same model on the
# same images is 260.17. On average 1.87 nats are hidden in the gap, more than separates many a published model from the next.

# %% [markdown]
# ## The true posterior
#
# The gap has a meaning. For every $q$,
#
# $$ \log p(x) - \mathrm{ELBO}(x) = D_{\mathrm{KL}}\left(q(z \mid x) \,\Vert\, p(z \mid x)\right) : $$
#
# it says how far the encoder's Gaussian is from the true posterior. So we can look at both, for any image.

# %%
recorded = reference.load_evidence()
shown = {
    "108: about right": 108, "98: too round": 98, "110: too sure": 110,
    "57: too wide, elsewhere": 57, "83: far away": 83, "498: the worst": 498,
}  # fmt: skip
cases = [
    {"name": name, "x": x_test[i], "posterior": plane.posterior(x_test[i]), "z_mean": z_mean[i],
     "z_log_var": z_log_var[i], "elbo": recorded["mlp_elbo"][i]} for name, i in shown.items()
]  # fmt: skip
Sliders(
    plots.true_posterior, cases=fixed(cases), number=IntSlider(min=0, max=len(cases) - 1, continuous_update=False)
)

# %% [markdown]
# Light and dark blue hold 95 % and 50 % of the true posterior; the dashed ellipses are one and two standard deviations of
# $q$. Move the slider. For the first image the two agree. The second has a tilted posterior, and a $q$ with independent
# dimensions cannot tilt. The third lies in two places, and $q$ is sure of one. In the last three the encoder is somewhere
# else altogether, and the gap has two or three digits. (Any other image: in the explorer of notebook 4, *Show the exact posterior*.)

# %% [markdown]
# The worst image of the test set, number 498, is among them. Why does the encoder fail there? We decode both places.

# %%
best = cases[-1]["posterior"]
peak = np.unravel_index(best.density.argmax(), best.density.shape)
both = np.array([z_mean[498], [best.axes[0][peak[0]], best.axes[1][peak[1]]]], "float32")
plots.compare(
    x_test[[498, 498]], {"decoded": metrics.decode(decoder, both)},
    nats={"decoded": metrics.bernoulli_nll(x_test[[498, 498]], metrics.decode(decoder, both))},
)  # fmt: skip

# %% [markdown]
# Left what the encoder says, right what the decoder could do: a code that draws the image more than a hundred nats better
# exists, and the encoder does not know it. It has one answer for each image, made by one pass through a small network,
# learned from images that look like this one and belong elsewhere.

# %% [markdown]
# How is the gap shared out? We sort all images by their gap and add up.

# %%
gap = recorded["mlp_log_p"] - recorded["mlp_elbo"]
print(f"mean gap {gap.mean():.2f}, median {np.median(gap):.2f}, largest {gap.max():.0f} nats")
plots.gap_shares(gap)


# %% [markdown]
# The median image loses 0.4 nats. One per cent of the images, twenty of them, hold a third of the sum, and five per cent hold
# six tenths. A mean hides this; the picture of single posteriors does not.

# %% [markdown]
# ## Weights
#
# In more dimensions no grid helps. What remains is to draw codes, and the encoder knows where to draw. Since
# $p(x) = \mathbb E_{z \sim q}\left[\, p(x \mid z)\, p(z) / q(z \mid x) \,\right]$, each code $z$ from $q(z \mid x)$ gets a **weight**, and in logarithms
#
# $$ \log w = \log p(x \mid z) + \log p(z) - \log q(z \mid x) . $$
#
# Dividing by $q$ makes up for drawing codes where the encoder says and not where the prior does.

# %% [markdown]
# All three are densities that you know. $p(x \mid z)$ is the product of coin flips of notebook 2. $p(z)$ is $\mathcal N(0, I)$,
# and $q(z \mid x)$ is $\mathcal N(\mu, \operatorname{diag}\sigma^2)$ with `z_mean` $= \mu$ and `z_log_var` $= \log \sigma^2$. In each
# dimension a Gaussian has
#
# $$ \log \mathcal N(z; \mu, \sigma^2) = -\tfrac12 \left( \log 2\pi + \log \sigma^2 + \frac{(z - \mu)^2}{\sigma^2} \right) , $$
#
# and independent dimensions, like independent pixels, add up.

# %% [markdown]
# ## Exercise: `log_weight` — 7 points
#
# Write the log weight of given codes.
#
# - `x`: images, `(batch, pixels)`, in [0, 1];
# - `z`: codes that were drawn for each image, `(n_samples, batch, latent_dim)`;
# - `z_mean`, `z_log_var`: what the encoder says, each `(batch, latent_dim)`;
# - `x_decoded`: what the decoder makes of the codes, `(n_samples, batch, pixels)`, strictly between 0 and 1;
# - returns: the log weights, `(n_samples, batch)`, in nats.
#
# Arguments are float32 tensors. Nothing is drawn in the function, so the same arguments always give the same result.

# %% [markdown]
# <details><summary><b>Hint: shapes</b></summary>
#
# `x` has no axis for samples. In `x * ops.log(x_decoded)` it is repeated along the first axis by broadcasting, as is
# `z_mean` in `z - z_mean`. Which axis has to go in the end, in each of the three parts?
# </details>
#
# <details><summary><b>Hint: the cross-entropy of Keras</b></summary>
#
# `keras.losses.binary_crossentropy` is a mean over the pixels, and a loss: mind the size and the sign. Written out,
# $x \log p + (1 - x)\log(1 - p)$ needs no second thought.
# </details>
#
# <details><summary><b>Hint: a test of your own</b></summary>
#
# If `z_mean` and `z_log_var` are zero, q(z|x) is the prior. What is left of the weight then?
# </details>

# %% nbgrader={"grade": false, "grade_id": "log_weight", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_weight(x, z, z_mean, z_log_var, x_decoded):
    """log p(x|z) + log p(z) - log q(z|x) of each code, (n_samples, batch), in nats."""
    ### BEGIN SOLUTION
    log_2pi = np.log(2 * np.pi)
    log_p_x = ops.sum(x * ops.log(x_decoded) + (1 - x) * ops.log(1 - x_decoded), axis=-1)
    log_p_z = -0.5 * ops.sum(log_2pi + ops.square(z), axis=-1)
    log_q = -0.5 * ops.sum(log_2pi + z_log_var + ops.square(z - z_mean) * ops.exp(-z_log_var), axis=-1)
    return log_p_x + log_p_z - log_q
    ### END SOLUTION


# %% [markdown]
# The checks hand your function codes, images and Gaussians of many sizes, and compare each weight with their own.

# %% nbgrader={"grade": true, "grade_id": "test_log_weight_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# One weight for each sample of each image (1 point).
check("log_weight.shape", log_weight)

# %% nbgrader={"grade": true, "grade_id": "test_log_weight_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The right weights, in nats (3 points).
check("log_weight.values", log_weight)

# %% nbgrader={"grade": true, "grade_id": "test_log_weight_properties", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: each part, sample and image for itself (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("log_weight.properties", log_weight)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_log_weight_extremes", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden check: narrow and wide posteriors, other sizes (1 point). The last cell can run it.
### BEGIN HIDDEN TESTS
check("log_weight.extremes", log_weight)
### END HIDDEN TESTS

# %% [markdown]
# Drawing and decoding the codes is given: for `count` codes each, a few images at a time, so that memory suffices.

# %%
def draw_log_weights(index, count, seed=0):
    """Your log weights of `count` codes for each of these test images, (count, len(index))."""
    rng, found = np.random.default_rng(seed), []
    for part in np.array_split(index, max(1, len(index) * count // 5000)):
        x, mean, log_var = x_test[part], z_mean[part], z_log_var[part]
        z = (mean + np.exp(0.5 * log_var) * rng.normal(size=(count, *mean.shape))).astype("float32")
        x_decoded = metrics.decode(decoder, z.reshape(-1, 2)).reshape(count, len(part), -1).clip(1e-7, 1 - 1e-7)
        arguments = (ops.convert_to_tensor(a) for a in (x, z, mean, log_var, x_decoded))
        found.append(ops.convert_to_numpy(log_weight(*arguments)))
    return np.concatenate(found, axis=1)


log_w = draw_log_weights(np.array([108]), 6)
print(np.round(log_w[:, 0], 2), f"exact: {cases[0]['posterior'].log_p:.2f}")


# %% [markdown]
# Six codes, six log weights, for an image whose $q$ is about right: all are close to the exact log p(x). If $q$ were exactly
# the true posterior, every weight would be $p(x)$ itself, for whatever code.

# %% [markdown]
# ## From weights to the evidence
#
# The mean of the *logarithms* estimates the ELBO. It is the weights whose expectation is $p(x)$, so the estimate to make is
#
# $$ \log \hat p(x) = \log \frac1K \sum_{k=1}^K w_k . $$
#
# With $K = 1$ it is the ELBO again, on average; with more codes it climbs towards $\log p(x)$ (Burda and others, 2016). Log
# weights near −260 leave no room for an exponential: float32 knows nothing between zero and $e^{-104}$.

# %% [markdown]
# ## Exercise: `log_likelihood` — 5 points
#
# Write the logarithm of the mean weight.
#
# - `log_w`: log weights, `(n_samples, batch)`;
# - returns: the estimate of log p(x) for each image, `(batch,)`, in nats: finite and right for *any* finite log weights.
#
# <details><summary><b>Hint: two tests of your own</b></summary>
#
# What should come out for a single sample? And if all log weights of an image are −1000?
# </details>
#
# <details><summary><b>Hint: taking a number out</b></summary>
#
# For any number $c$, $\sum_k e^{a_k} = e^{c} \sum_k e^{a_k - c}$. Which $c$ makes sure that no exponential overflows, and that
# at least one does not vanish? There is also a function in `keras.ops` that does this.
# </details>

# %% nbgrader={"grade": false, "grade_id": "log_likelihood", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_likelihood(log_w):
    """Importance-weighted estimate of log p(x), (n_samples, batch) to (batch,), in nats."""
    ### BEGIN SOLUTION
    return ops.logsumexp(log_w, axis=0) - np.log(log_w.shape[0])
    ### END SOLUTION


# %% [markdown]
# These checks use log weights of every size.

# %% nbgrader={"grade": true, "grade_id": "test_log_likelihood_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# One estimate for each image (1 point).
check("log_likelihood.shape", log_likelihood)

# %% nbgrader={"grade": true, "grade_id": "test_log_likelihood_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The right estimate, in nats (2 points).
check("log_likelihood.values", log_likelihood)

# %% nbgrader={"grade": true, "grade_id": "test_log_likelihood_stable", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: finite and right for any finite log weights (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("log_likelihood.stable", log_likelihood)
### END HIDDEN TESTS

# %% [markdown]
# ## The bound climbs
#
# Now your two functions together, on 60 test images: 3,000 codes each, in groups of $K$. Each group gives an estimate; we
# average over groups and images, and the bars are the standard error over the groups.

# %%
some, codes = (np.arange(60), 3000) if profile.trains else (np.arange(5), 100)
log_w = draw_log_weights(some, codes)
counts = [k for k in (1, 10, 50, 200, 1000) if k <= codes]


def bound(log_w, k):
    """Mean over images of the estimate with k codes, for each group of k, (groups,)."""
    groups = log_w[: len(log_w) // k * k].reshape(-1, k, log_w.shape[1])
    return np.array([np.mean(ops.convert_to_numpy(log_likelihood(ops.convert_to_tensor(g)))) for g in groups])


bounds = [bound(log_w, k) for k in counts]
errors = [b.std() / np.sqrt(len(b)) for b in bounds]
plots.climbing_bound(counts, [b.mean() for b in bounds], errors, exact.log_p[some].mean())

# %% [markdown]
# From 1 to 10 codes the bound gains much, from 10 to 1,000 little, and it stays below the dashed line (the bars are
# smaller than the dots). More codes from the same place do not get it there. The next figure shows why it can be above the truth for one image all the same.

# %%
one = draw_log_weights(np.full(1, 98), 5000 if profile.trains else 100, seed=1)
values = [log_likelihood(ops.convert_to_tensor(one[i : i + 10])) for i in range(0, len(one), 10)]
plots.estimates(np.concatenate([ops.convert_to_numpy(v) for v in values]), cases[1]["posterior"].log_p, one.mean())

# %% [markdown]
# Each bar counts estimates with ten codes, for image 98. The mean of the *weights* is right on average, so some estimates are
# too high and some too low; the logarithm pulls the low ones further down than it lifts the high ones (Jensen's
# inequality). The mean of many estimates is therefore below the truth, and a single one may lie above.

# %% [markdown]
# And the worst image? Two hundred codes, ten times over:

# %%
worst = draw_log_weights(np.array([498]), 2000 if profile.trains else 200, seed=2)
values = [float(log_likelihood(ops.convert_to_tensor(worst[i : i + 200]))[0]) for i in range(0, len(worst), 200)]
print(f"estimates from {min(values):.1f} to {max(values):.1f}, exact {cases[-1]['posterior'].log_p:.1f} nats")

# %% [markdown]
# The ten estimates agree with each other to a few nats, and all are about a hundred nats off. Agreement between estimates
# says nothing if all of them look in the same wrong place.

# %% [markdown]
# ### Question — 2 points
#
# For image 498 two hundred codes do not help. (a) How many standard deviations of $q$ is the true posterior away
# (look at the slider's last figure), and how likely is it that a code of $q$ falls there? (b) The weights of the codes that are
# drawn differ little. What would you see in the weights, if you drew from the *prior* instead, and would you need more or fewer codes?

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_wrong_place", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point each:
#
# - *(a)* More than twenty standard deviations: the probability of one code is of the order of $e^{-r^2/2}$ with $r > 20$, less
#   than $10^{-80}$. Thousands or billions of codes make no difference: the sum never sees the place that holds nearly all
#   of $p(x)$. ("Practically never" with a distance read off the figure earns the point.)
# - *(b)* Codes from the prior reach every place that matters: nearly all of them have weights that are hopelessly small, and very few a
#   large one, so the estimate jumps whenever one of these is drawn. The true posterior covers perhaps a thousandth of the
#   prior's mass, so some thousands of codes are needed, where the encoder needs a few dozen *if* it is in the right
#   place. Here even so many are better than any number from $q$.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Two gaps
#
# Is it the encoder's fault, or are Gaussians too simple? Take the encoder away: give each image its own mean and log
# variance, and improve them by gradient descent on the ELBO. First by hand, for image 110, whose $q$ was too sure.

# %%
mean, log_var = (keras.Variable(a[[110]]) for a in (z_mean, z_log_var))
rng = np.random.default_rng(0)
half = rng.normal(size=(64, 1, 2)).astype("float32")
epsilon = np.concatenate([half, -half])  # the same noise at every step


def negative_elbo(mean, log_var):
    """Of image 110, with the codes that a Gaussian makes of the noise."""
    z = mean + ops.exp(0.5 * log_var) * epsilon
    x_decoded = ops.reshape(decoder(ops.reshape(z, (-1, 2))), (len(epsilon), 1, 784))
    return -ops.mean(log_weight(ops.convert_to_tensor(x_test[[110]]), z, mean, log_var, x_decoded))


# %% [markdown]
# The mean of your log weights is the ELBO, and everything in it can be differentiated, if `log_weight` stays with tensors. The
# loop is the one of notebook 1, with TensorFlow's tape.

# %%
import tensorflow as tf

adam, values = keras.optimizers.Adam(0.05), []
for _ in range(150 if profile.trains else 2):
    with tf.GradientTape() as tape:
        loss = negative_elbo(mean.value, log_var.value)
    gradients = tape.gradient(loss, [mean.value, log_var.value])
    if any(gradient is None for gradient in gradients):
        print("log_weight leaves TensorFlow on the way, by NumPy for instance: no gradient comes through.")
        break
    adam.apply(gradients, [mean, log_var])
    values.append(float(loss))
if values:
    print(f"-ELBO {values[0]:.2f} -> {values[-1]:.2f}, exact -log p(x) {-cases[2]['posterior'].log_p:.2f}")

# %% [markdown]
# More than a nat is left: the posterior of this image lies in two places, and one Gaussian does not cover both.
#
# What descent gains is the **amortisation gap**: the price of one network for all images in place of an answer for each. What remains
# is the **approximation gap**: the true posterior is no Gaussian with independent dimensions, and no $q$ of that kind can
# close it (Cremer, Li and Duvenaud, 2018).

# %% [markdown]
# `best_gaussian` does the same for many images at once. Descent only finds the best Gaussian *near by*, so we start it twice: where the
# encoder is, and at the peak of the true posterior, and keep the better end.

# %%
per_class = 5 if profile.trains else 1
index = np.concatenate([np.flatnonzero(images.y_test == c)[:per_class] for c in range(10)])
elbo = recorded["mlp_elbo"][index]
peaks = []
for i in index:
    posterior = plane.posterior(x_test[i])
    at = np.unravel_index(posterior.density.argmax(), posterior.density.shape)
    peaks.append([axis[k] for axis, k in zip(posterior.axes, at)])
steps = 60 if profile.trains else 2
near_by = best_gaussian(decoder, x_test[index], z_mean[index], z_log_var[index], steps=steps)[2]
anywhere = np.maximum(near_by, best_gaussian(decoder, x_test[index], peaks, z_log_var[index], steps=steps)[2])

# %% [markdown]
# Averaged over the images of each class:

# %%
by_class = (len(data.CLASS_NAMES), -1)
amortisation = (anywhere - elbo).reshape(by_class).mean(axis=1)
approximation = (recorded["mlp_log_p"][index] - anywhere).reshape(by_class).mean(axis=1)
plots.two_gaps(data.CLASS_NAMES, amortisation, approximation)

# %% [markdown]
# Nearly everything is amortisation gap: for almost every image some Gaussian would do, and the encoder does not find it. Each
# mean is over five images, so the order of the classes is partly chance. On all 2,000 images bags have the largest gap, 4.5 nats, and
# ankle boots the smallest, 0.8.

# %% [markdown]
# On the first 500 test images, with longer descents, the parts are 1.50 nats of amortisation gap and 0.08 of approximation
# gap. Descent from the encoder's own Gaussian alone gets 1.28 of the 1.50 back; the rest belongs to images that the
# encoder put in the wrong place.

# %% [markdown]
# ### Question — 2 points
#
# Somebody proposes to replace the Gaussian $q$ by a far more flexible family of distributions, so that the bound becomes
# tight. (a) By how much could that improve our model's mean ELBO, if the encoder stayed as good as it is? (b) Name one change that would
# attack the larger of the two gaps, and one thing that the gap does to the *decoder* during training. (It is trained on the bound as well:
# $\log p(x)$ minus the gap.)

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_two_gaps", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point each:
#
# - *(a)* By about a tenth of a nat, the approximation gap: 0.08 on 500 images. Hardly any of the 1.6 nats is due to the shape of
#   $q$.
# - *(b, ½ point)* A better encoder: a larger or convolutional one, longer training of the encoder alone with the decoder fixed, or
#   some steps of descent for each image after the encoder's first guess (semi-amortised inference).
# - *(b, ½ point)* The decoder learns from codes in the wrong place: it is trained to draw an image from a code that does not belong to it, or
#   to prefer weights whose posteriors the encoder can match. Any answer that says that the ELBO trains the decoder towards
#   what the encoder can do earns the half point.
# <!-- END SOLUTION -->

# %% [markdown]
# ## Which model is better, in truth?
#
# Notebook 3 compared two models by their ELBOs. The exact evidence of the convolutional model was computed in the same way; it takes
# longer, so it is recorded, and we check a few images here.

# %%
conv_plane = evidence.Plane(reference.load_conv_decoder(), extent=7)
few = [0, 1] if profile.trains else [0]
here = [conv_plane.posterior(x_test[i]).log_p for i in few]
print("here: ", np.round(here, 2), "\nfile: ", np.round(recorded["conv_log_p"][few], 2))

# %% [markdown]
# Both measures for both models, over all 2,000 test images:

# %%
for name in ("mlp", "conv"):
    log_p, elbo = recorded[f"{name}_log_p"].mean(), recorded[f"{name}_elbo"].mean()
    print(f"{name:5} -ELBO {-elbo:.2f}   exact {-log_p:.2f}   hidden in the gap {log_p - elbo:.2f}")

# %% [markdown]
# By the ELBO the convolutional model is 4.3 nats better, in truth 5.8. Its posteriors are narrower and harder to hit, so its
# encoder hides more. Which model is better did not change this time; by how much did, and a comparison of two models closer to each other
# can change its sign.

# %% [markdown]
# ### Question — 1 point
#
# Another group reports a model of 20 latent dimensions with an ELBO 1.5 nats better than ours, and calls it a better model of these
# images. Say what could be wrong with the comparison, and what you would ask them for.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_which_model", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** ½ point each:
#
# - *What could be wrong.* ELBOs differ by the evidence *and* by the gap, and a difference of 1.5 nats is less than the 1.9 that our own gap
#   amounts to: the better bound may only be a tighter one.
# - *What to ask for.* An importance-weighted estimate with many codes for both models (a better bound, still a bound), or the gap itself, on
#   the same images; the distribution over images, not just the mean, or estimates by another method (annealed importance
#   sampling). Any one of these.
# <!-- END SOLUTION -->

# %% [markdown]
# ## What we have seen
#
# - In two dimensions $\log p(x)$ is a sum over a plane, exact to a hundredth of a nat. A sum without a finer one beside it is no
#   result.
# - The ELBO hides KL(q‖p(z|x)): 1.87 nats on average, 0.4 for the median image, over a hundred for the worst.
# - The importance-weighted estimate climbs towards the truth with more codes, from below on average. What $q$ does not reach, no
#   number of codes finds, and estimates that agree may all be wrong.
# - For this model Gaussians are good enough; what is lost is lost by the encoder.
# - A better ELBO may be a better model or a tighter bound. The two can be told apart.
#
# **Next:** in `07_rate_distortion` codes get more dimensions, and a price.
#
# **To read.** Burda, Grosse and Salakhutdinov, *Importance weighted autoencoders* (2016, arXiv:1509.00519). Cremer, Li and
# Duvenaud, *Inference suboptimality in variational autoencoders* (2018, arXiv:1801.03558), on the two gaps. Wu, Burda,
# Salakhutdinov and Grosse, *On the quantitative analysis of decoder-based generative models* (2017, arXiv:1611.04273), for
# more dimensions.

# %% [markdown]
# **Where you stand.** The table shows each check as it last ran here. Without a teacher, take the `#` out of the first
# line: it runs the hidden checks too.

# %%
# run_hidden("06_how_tight", log_weight)
# run_hidden("06_how_tight", log_likelihood)
show_progress("06_how_tight")
