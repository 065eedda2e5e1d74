# %% [markdown]
# # Loops and strings

# %%
import math


# %% nbgrader={"grade": false, "grade_id": "primes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def primes(n):
    """The primes up to n, as a list."""
    ### BEGIN SOLUTION
    return [i for i in range(2, n + 1) if all(i % k for k in range(2, math.isqrt(i) + 1))]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_primes_small", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert primes(10) == [2, 3, 5, 7], "the primes up to 10"

# %% nbgrader={"grade": true, "grade_id": "test_primes_edges", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert primes(1) == []
### BEGIN HIDDEN TESTS
assert primes(2) == [2]
assert 49 not in primes(50)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "shift", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shift(text, by):
    """Caesar's cipher: each small letter by that many places, all else as it is."""
    ### BEGIN SOLUTION
    return "".join(chr((ord(c) - 97 + by) % 26 + 97) if "a" <= c <= "z" else c for c in text)
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "cases", "locked": true, "schema_version": 3, "solution": false, "task": false}
CASES = [("abc", 1, "bcd"), ("xyz", 3, "abc"), ("a b", 1, "b c"), ("Ab", 2, "Ad")]

# %% nbgrader={"grade": true, "grade_id": "test_shift", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
sum(shift(text, by) == right for text, by, right in CASES)

# %% nbgrader={"grade": true, "grade_id": "test_shift_back", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
for text, by, _ in CASES:
    assert shift(shift(text, by), -by) == text


# %% nbgrader={"grade": false, "grade_id": "longest", "locked": false, "schema_version": 3, "solution": true, "task": false}
def longest(words):
    ### BEGIN SOLUTION
    if not words:
        raise ValueError("no words")
    return max(words, key=len)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_longest", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert longest(["a", "abc", "ab"]) == "abc"
try:
    longest([])
except ValueError:
    pass
else:
    raise AssertionError("no words, and no ValueError")

# %% [markdown] nbgrader={"grade": true, "grade_id": "why", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# YOUR ANSWER HERE
