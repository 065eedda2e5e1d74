# %% [markdown]
# # Importance weights alone, for the grader's own tests

# %%
import numpy as np
from keras import ops

from vaelab.checks import check


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


# %% nbgrader={"grade": true, "grade_id": "test_log_weight_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# One weight for each sample of each image (1 point).
check("log_weight.shape", log_weight)

# %% nbgrader={"grade": true, "grade_id": "test_log_weight_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The right weights, in nats (3 points).
check("log_weight.values", log_weight)

# %% nbgrader={"grade": true, "grade_id": "test_log_weight_properties", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden: each part, sample and image for itself (2 points).
### BEGIN HIDDEN TESTS
check("log_weight.properties", log_weight)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_log_weight_extremes", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden: narrow and wide posteriors, other sizes (1 point).
### BEGIN HIDDEN TESTS
check("log_weight.extremes", log_weight)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "log_likelihood", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_likelihood(log_w):
    """Importance-weighted estimate of log p(x), (n_samples, batch) to (batch,), in nats."""
    ### BEGIN SOLUTION
    return ops.logsumexp(log_w, axis=0) - np.log(log_w.shape[0])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_log_likelihood_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# One estimate for each image (1 point).
check("log_likelihood.shape", log_likelihood)

# %% nbgrader={"grade": true, "grade_id": "test_log_likelihood_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The right estimate, in nats (2 points).
check("log_likelihood.values", log_likelihood)

# %% nbgrader={"grade": true, "grade_id": "test_log_likelihood_stable", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden: finite and right for any finite log weights (2 points).
### BEGIN HIDDEN TESTS
check("log_likelihood.stable", log_likelihood)
### END HIDDEN TESTS
