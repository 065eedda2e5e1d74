# %% [markdown]
# # The miniature assignment, with ordinary tests in place of judged checks

# %%
import numpy as np


# %% nbgrader={"grade": false, "grade_id": "kl_term", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_term(z_mean, z_log_var):
    ### BEGIN SOLUTION
    return 0.5 * np.sum(np.exp(z_log_var) + np.square(z_mean) - 1.0 - z_log_var, axis=-1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_kl_term_shape", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert np.shape(kl_term(np.zeros((3, 2)), np.zeros((3, 2)))) == (3,)

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
np.testing.assert_allclose(kl_term(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]])), [2.5])
assert np.allclose(kl_term(np.zeros((1, 2)), np.ones((1, 2))), [np.e - 2])

# %% nbgrader={"grade": true, "grade_id": "test_kl_term_properties", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
z_mean, z_log_var = np.random.default_rng().normal(size=(2, 8, 3))
assert all(kl_term(z_mean, z_log_var) > 0)
assert np.allclose(kl_term(-z_mean, z_log_var), kl_term(z_mean, z_log_var))
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_pull", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# Which way does the KL term pull?
#
# YOUR ANSWER HERE
