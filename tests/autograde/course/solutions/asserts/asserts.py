# %% [markdown]
# # An assignment of ordinary nbgrader tests: asserts, a helper, hidden tests, part of the points, a task

# %%
import math


# %% nbgrader={"grade": false, "grade_id": "squares", "locked": false, "schema_version": 3, "solution": true, "task": false}
def squares(n):
    """The squares of 1 … n, as a list."""
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError("n must be at least 1")
    return [i**2 for i in range(1, n + 1)]
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "helper", "locked": true, "schema_version": 3, "solution": false, "task": false}
def refuses(function, *arguments):
    try:
        function(*arguments)
    except ValueError:
        return True
    return False


# %% nbgrader={"grade": true, "grade_id": "test_squares", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert squares(1) == [1]
assert squares(3) == [1, 4, 9], "the squares of 1, 2 and 3"

# %% nbgrader={"grade": true, "grade_id": "test_refuses", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
xyzzy = [0, -4711]
assert all(refuses(squares, n) for n in xyzzy)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
def norm(v):
    ### BEGIN SOLUTION
    return math.sqrt(sum(x * x for x in v))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_norm", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def reached():
    cases = {(3, 4): 5, (0,): 0, (1, 1, 1, 1): 2}
    return sum(abs(norm(v) - right) < 1e-9 for v, right in cases.items())


reached()

# %% [markdown] nbgrader={"grade": true, "grade_id": "why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# YOUR ANSWER HERE

# %% [markdown] nbgrader={"grade": false, "grade_id": "plot", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": true}
# Add a cell that plots the first ten squares.
