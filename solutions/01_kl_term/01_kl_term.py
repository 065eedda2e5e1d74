# %% [markdown]
# # 1 · The KL term
#
# A variational autoencoder (VAE) learns to describe images by a few numbers, their *codes*, and to draw
# images from codes. Its loss has two terms. This notebook is about one of them, the **KL term**: what it
# is for, what it measures, how to compute it, and which way it pulls. The other follows in notebook 2.
#
# **You will be able to**
#
# - say in words what a Kullback–Leibler (KL) divergence measures, and in which unit;
# - estimate one from samples, and say how many samples a given accuracy costs;
# - write the KL term of a VAE as a vectorised function;
# - predict how it acts on the mean and the variance of a code during training.
#
# *About an hour. You need the density of a Gaussian, expectations, and a little NumPy. 10 points for
# code, 2 for a written answer.*

# %%
import vaelab.quiet  # first: starts TensorFlow without its messages
# No module named 'vaelab'? Run this line in a new cell, then restart the kernel:  %pip install ../..

import keras
import numpy as np
import tensorflow as tf
from ipywidgets import FloatSlider
from keras import ops
from scipy.stats import norm

from vaelab import data, plots, profiles
from vaelab.checks import check
from vaelab.progress import run_hidden, show_progress
from vaelab.sliders import Sliders

# %% [markdown]
# ## Why an image gets a distribution
#
# An **autoencoder** has two halves: an encoder turns an image into a code, a decoder turns the code back into
# the image. If each image has *one point* for its code, nothing is asked of the places in between: decode one of
# them, and anything may come out.
#
# The encoder of a VAE names a **distribution** instead, $q(z \mid x)$, and a code is *drawn* from it before it is
# decoded. So the decoder has to do well in a whole region around each mean.

# %%
pullover = data.load(profiles.PROFILES["quick"]).x_test[:1]
plots.vae_parts(pullover)

# %% [markdown]
# Follow one image from left to right. The dashed circle stands for the **prior** $p(z)$, a distribution that is
# known before any image is seen. If the regions of all images together lie where the prior lies, then a new image
# can be had by drawing a code from the prior and decoding it. The KL term measures how far the distribution of one
# image is from the prior; the loss makes that a price.

# %% [markdown]
# ## Notation
#
# The same letters stand for the same things in all notebooks. The second column is the name in the code, if
# there is one.
#
# | symbol | in code | shape | what it is |
# |---|---|---|---|
# | $x$ | `x` | (batch, pixels) | an image |
# | $z$ | `z` | (batch, `latent_dim`) | its code: a **latent** vector |
# | $d$ | `latent_dim` | number | how many numbers a code has |
# | $p(z)$ | | | the **prior**, $\mathcal N(0, I)$: codes before any image is seen |
# | $p(x)$ | | | how probable the model finds the image $x$, whatever its code |
# | $q(z \mid x)$ | | | the **approximate posterior**: codes that fit the image $x$ |
# | $\mu$ | `z_mean` | (batch, `latent_dim`) | mean of $q(z \mid x)$ |
# | $\log \sigma^2$ | `z_log_var` | (batch, `latent_dim`) | log variance of $q(z \mid x)$ |
# | $p(x \mid z)$ | `x_decoded` | (batch, pixels) | the decoder's probability for every pixel |
#
# The encoder outputs the *logarithm* of the variance, because a network's output can be any real
# number and a variance cannot: $\sigma^2 = e^{\log\sigma^2}$ is positive whatever the network says.

# %% [markdown]
# ## What the KL divergence measures
#
# Draw codes from $q$. For each of them, $\log q(z) - \log p(z)$ says how much less likely it is under $p$ than under
# $q$. The average of this over codes from $q$ is the Kullback–Leibler divergence:
#
# $$ D_{\mathrm{KL}}(q \,\Vert\, p) = \mathbb E_{z \sim q}\left[\log q(z) - \log p(z)\right]
#    = \int q(z)\, \log \frac{q(z)}{p(z)}\, dz . $$
#
# With the natural logarithm its unit is the **nat** (1 nat = 1.44 bits).

# %% [markdown]
# The upper picture shows the prior and a narrow $q$ to the right of it, the lower one the integrand $q \log (q/p)$.
# The KL divergence is the shaded area, counted negative where the curve is below zero.

# %%
plots.kl_integrand(mean=1.5, log_var=-1.0)

# %% [markdown]
# The area to the left of the crossing is negative, because $q$ is below $p$ there. Can the *total* become
# negative? Make a guess, then try with the sliders. After that, set the mean to 0 and compare both ends of the log
# variance, which are equally far from the prior's: does a $q$ that is too narrow cost as much as one that is too wide?

# %%
Sliders(
    plots.kl_integrand,
    mean=FloatSlider(value=0, min=-2, max=2, step=0.1, description="mean", continuous_update=False),
    log_var=FloatSlider(value=1.5, min=-2, max=2, step=0.1, description="log variance", continuous_update=False),
)


# %% [markdown]
# Positive and negative areas change with the sliders, and the number above the lower picture says what remains.
#
# <details><summary><b>What you should have found</b></summary>
#
# The total is never negative: it is zero where the two curves coincide, and positive everywhere else. With mean 0, a
# log variance of $-2$ costs 0.57 nats and one of $+2$ costs 2.19: too wide costs more than too narrow.
# </details>

# %% [markdown]
# ## Estimating it from samples
#
# The definition is an average, so here is a way to compute it without any calculus: draw $z$ from
# $q$ and average $\log q(z) - \log p(z)$. This **Monte Carlo estimate** works for any two densities
# that can be evaluated and sampled.

# %%
def sample_log_ratio(mean, log_var, n_samples, rng):
    """log q(z) - log p(z) for n_samples draws of z from q: their mean estimates the KL, in nats."""
    std = np.exp(0.5 * log_var)
    z = rng.normal(mean, std, size=n_samples)
    return norm.logpdf(z, mean, std) - norm.logpdf(z)


# %% [markdown]
# How fast does it settle? We repeat the experiment 20 times with 10,000 samples each. The reference
# value is a numerical integral over a fine grid, which is affordable in one dimension only.

# %%
rng = np.random.default_rng(0)
mean, log_var = 1.5, -1.0
log_ratios = np.stack([sample_log_ratio(mean, log_var, 10_000, rng) for _ in range(20)])

grid, std = np.linspace(-10, 10, 20_001), np.exp(0.5 * log_var)
log_q, log_p = norm.logpdf(grid, mean, std), norm.logpdf(grid)
reference = np.trapezoid(np.exp(log_q) * (log_q - log_p), grid)
plots.monte_carlo_convergence(log_ratios, reference)

# %% [markdown]
# The runs stay inside an envelope that narrows as $1/\sqrt n$: half the error costs four times the
# samples. The next cell turns that into a price for the case above.

# %%
spread = log_ratios.std() / np.sqrt(10_000)
print(f"KL by numerical integration: {reference:.4f} nats")
print(f"spread of the estimates from 10,000 samples: {spread:.4f} nats")
print(f"samples for a spread of 0.001 nats: about {10_000 * (spread / 0.001) ** 2:,.0f}")


# %% [markdown]
# Around a million samples for three decimals, for one image and one dimension: too expensive for every training step.
# For two Gaussians, though, the integral can be done by hand.

# %% [markdown]
# ## Exercise: `kl_term` — 10 points
#
# The approximate posterior of an image is a Gaussian with independent dimensions,
# $q(z \mid x) = \mathcal N(\mu, \operatorname{diag} \sigma^2)$, and the prior is $\mathcal N(0, I)$.
# Write the function that returns $D_{\mathrm{KL}}(q(z \mid x) \,\Vert\, p(z))$ **for every image of a
# batch**.
#
# - `z_mean`, `z_log_var`: tensors of shape `(batch, latent_dim)`;
# - returns: a tensor of shape `(batch,)`, in nats: one number for each image, not an average over images;
# - use `keras.ops` (`ops.exp`, `ops.square`, `ops.sum`, …) so that gradients can flow.
#
# Start from the logarithm of a Gaussian's density, $-\tfrac12 \log 2\pi\sigma^2 - (z-\mu)^2 / 2\sigma^2$, for $q$ and for
# $p$. Two facts about one dimension of $z \sim q$ do the rest: $\mathbb E[(z-\mu)^2] = \sigma^2$ and
# $\mathbb E[z^2] = \mu^2 + \sigma^2$. And one about several: the density of independent dimensions is a product, so its
# logarithm is a sum.
#
# <details><summary><b>Hint: a more general result to specialise</b></summary>
#
# For two one-dimensional Gaussians with means $\mu_1, \mu_2$ and standard deviations
# $\sigma_1, \sigma_2$,
#
# $$ D_{\mathrm{KL}}\left[\mathcal N(\mu_1, \sigma_1^2) \,\Vert\, \mathcal N(\mu_2, \sigma_2^2)\right]
#  = \log\frac{\sigma_2}{\sigma_1} + \frac{\sigma_1^2 + (\mu_1-\mu_2)^2}{2\sigma_2^2} - \frac12 . $$
#
# What are $\mu_2$ and $\sigma_2$ for the prior? Write $\sigma_1$ with the log variance: some places have $\sigma$, some
# $\sigma^2$. Then decide which axis to sum over.
# </details>

# %% [markdown]
# This is what your function should look like over one latent dimension: a valley with its floor, at
# zero, where the posterior equals the prior.
#
# ![Expected result: contour lines of the KL term over the mean from -3 to 3 and the log variance from -4 to 3. They close around the prior at mean 0, log variance 0, where the value is zero; the slope is steepest towards large log variance and large absolute mean.](expected_kl_term.png)

# %% nbgrader={"grade": false, "grade_id": "kl_term", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_term(z_mean, z_log_var):
    """KL divergence from N(z_mean, diag exp z_log_var) to N(0, I), for every image, in nats."""
    ### BEGIN SOLUTION
    kl_per_dimension = 0.5 * (ops.exp(z_log_var) + ops.square(z_mean) - 1 - z_log_var)
    return ops.sum(kl_per_dimension, axis=-1)
    ### END SOLUTION


# %% [markdown]
# The checks compare your numbers with values that they work out on their own, on inputs drawn afresh each time. When
# one fails, read what it says: it often knows the mistake. Three more checks are **hidden**: they run when the notebook
# is handed in. If you work alone, the last cell of the notebook runs them.

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A tensor with one number for each image (1 point).
check("kl_term.shape", kl_term)

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_prior", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Zero at the prior, positive elsewhere (1 point).
check("kl_term.prior", kl_term)

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The right values, in nats (3 points).
check("kl_term.values", kl_term)

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_gradients", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: the gradients that training will follow (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("kl_term.gradients", kl_term)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_properties", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: properties that any KL term of this kind has (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("kl_term.properties", kl_term)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_extremes", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden check: unusual sizes, types and values (1 point). The last cell can run it.
### BEGIN HIDDEN TESTS
check("kl_term.extremes", kl_term)
### END HIDDEN TESTS

# %% [markdown]
# Now draw your function, and compare it with the picture above the exercise.

# %%
plots.kl_surface(kl_term)

# %% [markdown]
# The contours close around the prior, and crowd together towards large variances.

# %% [markdown]
# ## The same number, two ways
#
# Your formula and the Monte Carlo estimate must agree, and the estimate uses no formula for the integral. We compare
# them for a posterior with three dimensions, where a numerical integral would already be a burden.

# %%
z_mean, z_log_var = np.array([[1.5, -0.4, 0.2]]), np.array([[-1.0, 0.7, -3.0]])
draws = sum(sample_log_ratio(m, v, 100_000, rng) for m, v in zip(z_mean[0], z_log_var[0]))
print(f"Monte Carlo, 100,000 samples: {draws.mean():.3f} nats, standard error {draws.std() / np.sqrt(100_000):.3f}")
print(f"kl_term:                      {float(kl_term(z_mean, z_log_var)[0]):.3f} nats")


# %% [markdown]
# The two should differ by no more than two or three standard errors: the Monte Carlo estimate is the noisy one. Adding
# up over dimensions was right, because the dimensions are independent.

# %% [markdown]
# ## Which way it pulls
#
# Training moves `z_mean` and `z_log_var` against the gradient of the loss. TensorFlow records the operations inside a
# `GradientTape` and differentiates them. Here is the pull of the KL term alone, at many places at once.

# %%
def kl_gradient(z_mean, z_log_var):
    """Gradients of the KL term with respect to z_mean and z_log_var, same shapes."""
    z_mean, z_log_var = tf.convert_to_tensor(z_mean), tf.convert_to_tensor(z_log_var)
    with tf.GradientTape() as tape:
        tape.watch([z_mean, z_log_var])
        total = ops.sum(kl_term(z_mean, z_log_var))
    return tape.gradient(total, [z_mean, z_log_var])


plots.kl_arrows(kl_gradient)

# %% [markdown]
# All arrows lead to the prior. Along the mean, the pull is that of a spring: it grows with the distance. Along the log
# variance, the two sides differ; compare the colours of the arrows above and below zero.

# %% [markdown]
# If this term were the whole loss, every code would end at the prior and say nothing about its
# image: that is called **posterior collapse**. In a VAE the reconstruction term pulls the other way,
# towards codes that can be told apart, and training finds the balance. Notebook 2 is about that.

# %% [markdown]
# ### Question — 2 points
#
# Take two posteriors with mean 0: one with log variance $-3$, one with log variance $+3$. Which of
# them does the KL term push back harder, by the arrows? What does that mean for an encoder that is
# too sure of its codes, and for one that is too unsure? Answer in three or four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_pull", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# <!-- BEGIN SOLUTION -->
# **Marking scheme.** 1 point for the observation, 1 for what follows from it.
#
# - *Observation (1 point).* The pull is much stronger at log variance $+3$. The derivative with respect
#   to the log variance is $\tfrac12(e^{\log\sigma^2} - 1)$: about $+9.5$ at $+3$, and about $-0.48$ at
#   $-3$, where it can never pass $-\tfrac12$. An answer read off the colours of the arrows, without the
#   formula, earns the point.
# - *Meaning (1 point).* An encoder that is too unsure (a posterior wider than the prior) is corrected
#   at once. One that is too sure is pulled back with a nearly constant, gentle force, so it can keep
#   a small variance if that helps reconstruction even a little: the price grows only linearly in
#   $-\log\sigma^2$. Answers that mention that trained posteriors are usually much narrower than the
#   prior, or that a wide posterior would make codes of different images overlap, are right too.
# <!-- END SOLUTION -->

# %% [markdown]
# ## What we have seen
#
# - The KL divergence is the average of $\log q - \log p$ over samples of $q$: never negative, zero
#   only where both agree, and measured in nats.
# - Sampling can estimate it, with an error that halves when the samples are quadrupled; for Gaussians
#   a formula gives it exactly, summed over latent dimensions, one number for each image.
# - Its gradient pulls the mean to 0 like a spring, and the log variance to 0 with a force that depends on the side.
#
# **Next:** in `02_vae` this term meets the reconstruction term, and the two learn Fashion-MNIST.
#
# **To read.** Kingma and Welling, *Auto-Encoding Variational Bayes* (2014, arXiv:1312.6114): the paper, with this KL term
# in its appendix B. The same authors' *An Introduction to Variational Autoencoders* (2019, arXiv:1906.02691) is the
# readable long version. Murphy, *Probabilistic Machine Learning: Advanced Topics* (2023), chapter 5 on KL divergences and
# chapter 21 on VAEs. Bishop and Bishop, *Deep Learning: Foundations and Concepts* (2024), chapter 19, from plain to
# variational autoencoders.

# %% [markdown]
# **Where you stand.** The table shows each check as it last ran here. Without a teacher, take the `#` out of the first
# line: it runs the hidden checks too.

# %%
# run_hidden("01_kl_term", kl_term)
show_progress("01_kl_term")
