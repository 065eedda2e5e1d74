# %% [markdown]
# # A miniature assignment for the grader's own tests

# %%
from keras import ops

from vaelab.checks import check


# %% nbgrader={"grade": false, "grade_id": "kl_term", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_term(z_mean, z_log_var):
    ### BEGIN SOLUTION
    return 0.5 * ops.sum(ops.exp(z_log_var) + ops.square(z_mean) - 1.0 - z_log_var, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_kl_term_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("kl_term.shape", kl_term)

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("kl_term.values", kl_term)

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_properties", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
check("kl_term.properties", kl_term)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_pull", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Which way does the KL term pull?
#
# YOUR ANSWER HERE
