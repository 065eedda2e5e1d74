# %% [markdown]
# # 5 · It looks healthy
#
# Four models were trained, and all four learning curves fall as they should. Two of the models are
# wrong all the same. Here you write the test that finds them.
#
# **You will be able to**
#
# - say why a learning curve cannot show a mistake in the loss;
# - choose inputs on which a wrong formula gives another number than the right one;
# - write a test that refuses wrong implementations and accepts every right one.
#
# *About an hour. You need `kl_term` from notebook 1 and the reparameterisation trick from notebook 2.
# 10 points for code.*

# %%
import vaelab.quiet  # first: starts TensorFlow without its messages
# No module named 'vaelab'? Run this line in a new cell, then restart the kernel:  %pip install ../..

import numpy as np

from vaelab.checks.student import specimens
from vaelab.checks import check
from vaelab.progress import run_hidden, show_progress

# %% [markdown]
# ## Four learning curves
#
# Each model is an MLP VAE with two latent dimensions, trained for 12 epochs on the course's 10,000
# training images. What was recorded is the test loss that each model itself reported, epoch by epoch.

# %%
models = specimens.load()
specimens.plot_curves(models)

# %% [markdown]
# Every curve falls fast, then slowly, with no jump and no rise at the end. If you had to guess by the
# picture, D would be suspected, as the one with the highest loss. Keep your guess for later.

# %% [markdown]
# ## What a curve cannot show
#
# A curve shows what the loss function returned. If that is wrong, the optimiser minimises the wrong thing, and the wrong
# thing goes down. So the question is not whether a number falls, but whether it is the number that it claims to be.

# %% [markdown]
# Most of a VAE is layers that Keras has tested. What people write themselves, and get wrong, is two
# formulas: the KL term, and the step from noise to a sample. For each model you have both, as
# functions:
#
# - `model.kl(z_mean, z_log_var)`: one number for each image, shape `(batch,)`;
# - `model.sample(z_mean, z_log_var, epsilon)`: z for given standard Gaussian noise, shape
#   `(batch, latent_dim)`.

# %% [markdown]
# A first test that comes to mind: at the prior, where mean and log variance are zero, the KL term
# should vanish and the sample should be the noise itself. We try it on all four.

# %%
zero, noise = np.zeros((1, 2)), np.array([[0.5, -2.0]])
for name, model in models.items():
    print(name, "KL:", float(model.kl(zero, zero)[0]), " z:", np.array(model.sample(zero, zero, noise))[0])


# %% [markdown]
# All four pass: the test sees nothing. Zeros make different formulas agree. So do a log variance of 0, where the standard
# deviation *is* the variance; a mean of 1, which is its own square, or of 2, whose square is its double; and a single
# latent dimension, where a mean is a sum.

# %% [markdown]
# ## What a test needs
#
# A test compares a result with something that is known to be right. That can be a value worked out
# by hand, a second implementation, an estimate that needs no formula, or a property: additive over
# dimensions, zero at the prior, a known slope.

# %% [markdown]
# A test can err in two ways. It can miss a mistake, because the inputs were too special. And it can refuse what is right,
# because it demands more digits than float32 has, compares with a random estimate more closely than chance allows, or
# compares with a formula that is wrong itself.

# %% [markdown]
# ## Exercise: `looks_healthy` — 10 points
#
# Write a function that receives the two formulas of a model and says whether both are right.
#
# - `kl`, `sample`: functions as above. They take NumPy arrays or tensors, and return tensors; any
#   batch size and any number of latent dimensions will do;
# - returns: `True` if both are right, `False` if either is wrong. (An `assert` would stop the function without an answer.)
#
# It will be tried on implementations that you have not seen: right ones, and wrong ones of many kinds.

# %% [markdown]
# <details><summary><b>Hint: where to start</b></summary>
#
# You wrote the right KL term in notebook 1, and the sampling step stands in notebook 2. What remains
# is to choose inputs (how many images? how many dimensions? which signs?) and to decide how close is
# close enough. `np.allclose(a, b, rtol=..., atol=...)` compares arrays; `bool(...)` makes its answer
# a plain `True` or `False`.
# </details>

# %% nbgrader={"grade": false, "grade_id": "looks_healthy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def looks_healthy(kl, sample):
    """Whether both formulas of a VAE are right: True or False."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(0)
    z_mean, z_log_var, epsilon = rng.normal(size=(3, 20, 5))  # both signs, no special values
    expected_kl = 0.5 * np.sum(z_mean**2 + np.exp(z_log_var) - 1 - z_log_var, axis=-1)
    expected_z = z_mean + np.exp(0.5 * z_log_var) * epsilon
    right_kl = np.allclose(kl(z_mean, z_log_var), expected_kl, rtol=1e-3, atol=1e-4)
    right_z = np.allclose(sample(z_mean, z_log_var, epsilon), expected_z, rtol=1e-3, atol=1e-4)
    return bool(right_kl and right_z)
    ### END SOLUTION


# %% [markdown]
# The checks hand your function implementations, right and wrong in random order, and count what it says. The wrong ones
# are made from numbers, so that they can only be found by testing. Two checks are hidden; the last cell can run them.

# %% nbgrader={"grade": true, "grade_id": "test_looks_healthy_accepts", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Right implementations are called right (2 points).
check("looks_healthy.accepts", looks_healthy)

# %% nbgrader={"grade": true, "grade_id": "test_looks_healthy_finds", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Four mistakes that no curve shows are found (3 points).
check("looks_healthy.finds", looks_healthy)

# %% nbgrader={"grade": true, "grade_id": "test_looks_healthy_unseen", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden check: other mistakes are found as well (3 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("looks_healthy.unseen", looks_healthy)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_looks_healthy_steady", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden check: the answer is the same every time (2 points). The last cell can run it.
### BEGIN HIDDEN TESTS
check("looks_healthy.steady", looks_healthy)
### END HIDDEN TESTS

# %% [markdown]
# ## Which two?
#
# Now your test looks at the four models of the picture above.

# %%
for name, model in models.items():
    print(f"model {name}: {'healthy' if looks_healthy(model.kl, model.sample) else 'WRONG'}")

# %% [markdown]
# Two of them are wrong, and D, with the worst curve, is not among them: it is a right model with a
# smaller network. The curves had nothing to say about it.

# %% [markdown]
# ## What it costs
#
# What does a wrong formula do to a model? We compare the last test loss that each model reported with
# the one that the right formulas give for the same encoder and decoder on the same images.

# %%
for name, model in models.items():
    print(f"model {name}: reported {model.val_loss[-1]:.1f}, true {model.true_val_loss:.1f} nats per image")

# %% [markdown]
# For A and D the two agree, up to the randomness of the samples. B reports a better loss than A and is
# worse by more than 5 nats: it used the variance as standard deviation, so its codes were trained with
# another noise than the one that q(z|x) claims.

# %% [markdown]
# C reports a better loss than A as well, by 4 nats, and its true loss is about the same as A's. Its KL term is
# the average over two dimensions, half of what it should be: a weight of ½ on the KL. Such a model
# can be useful, but its number is no bound on the likelihood, and comparing it with A's is an error.

# %% [markdown]
# ## What we have seen
#
# - A learning curve shows what the loss function says, not whether it is right: wrong formulas fall
#   as smoothly as right ones, and may end lower.
# - A test is as good as its inputs. Zeros, ones and single dimensions let many mistakes through; a few
#   random images with several dimensions and both signs let hardly any.
# - A good test also accepts what is right, with a tolerance between rounding errors and mistakes.
#
# **Next:** try your test on your own work. In a new cell, `borrow("01_kl_term", "kl_term")` from `vaelab.borrow` brings your
# KL term here. For `sample`, write the sampling step as a function of mean, log variance and noise.
#
# **To read.** Grosse and Duvenaud, *Testing MCMC code* (2014, arXiv:1412.5218), on tests for code whose results are random;
# much of it holds here. The documentation of `numpy.testing.assert_allclose` explains relative and absolute tolerances.
# Goldberg, *What every computer scientist should know about floating-point arithmetic* (1991), on where rounding errors
# come from.

# %% [markdown]
# **Where you stand.** The table shows each check as it last ran here. Without a teacher, take the `#` out of the first
# line: it runs the hidden checks too.

# %%
# run_hidden("05_looks_healthy", looks_healthy)
show_progress("05_looks_healthy")
