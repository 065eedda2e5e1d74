# %% [markdown]
# # Reading a file: a data file and a helper module beside the notebook

# %%
import csv

import numpy as np


# %% nbgrader={"grade": false, "grade_id": "read", "locked": false, "schema_version": 3, "solution": true, "task": false}
def read(path):
    """The temperatures in a file, in °C, as an array."""
    ### BEGIN SOLUTION
    with open(path) as stream:
        return np.array([float(row["celsius"]) for row in csv.DictReader(stream)])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_read", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
np.testing.assert_allclose(read("readings.csv"), [-10.0, 0.0, 21.5])


# %% nbgrader={"grade": false, "grade_id": "warmest", "locked": false, "schema_version": 3, "solution": true, "task": false}
def warmest(path):
    ### BEGIN SOLUTION
    return float(read(path).max())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_warmest", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert warmest("readings.csv") == 21.5
