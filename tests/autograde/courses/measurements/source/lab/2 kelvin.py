# %% [markdown]
# # Kelvin: the second notebook of the same assignment

# %%
import numpy as np
from units import to_kelvin


# %% nbgrader={"grade": false, "grade_id": "mean_kelvin", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_kelvin(celsius):
    ### BEGIN SOLUTION
    return to_kelvin(np.asarray(celsius)).mean()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_read", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
assert np.isclose(mean_kelvin([0.0, 10.0]), 278.15)
### BEGIN HIDDEN TESTS
assert np.isclose(mean_kelvin([-273.15]), 0.0)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "test_parts", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
sum(np.isclose(mean_kelvin([t, t]), t + 273.15) for t in (-5, 0, 5, 10)).item()

# %% [markdown] nbgrader={"grade": true, "grade_id": "why", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# YOUR ANSWER HERE
