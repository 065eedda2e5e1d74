# %% [markdown]
# # Rainfall: data frames

# %%
import pandas as pd

rain = pd.read_csv("rain.csv")
rain.head()


# %% nbgrader={"grade": false, "grade_id": "monthly", "locked": false, "schema_version": 3, "solution": true, "task": false}
def monthly(frame):
    """The sum of mm in each month, as a Series with the months as its index, sorted."""
    ### BEGIN SOLUTION
    return frame.groupby("month")["mm"].sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_monthly", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
pd.testing.assert_series_equal(monthly(rain), pd.Series([30.5, 12.0, 7.5], [1, 2, 3], name="mm"), check_names=False)

# %% nbgrader={"grade": true, "grade_id": "test_monthly_hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
### BEGIN HIDDEN TESTS
other = pd.DataFrame({"month": [5, 4, 5], "mm": [1.0, 2.0, 3.0]})
assert monthly(other).to_dict() == {4: 2.0, 5: 4.0}
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "dry", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dry(frame, limit):
    """The days with less than ``limit`` mm, as a list."""
    ### BEGIN SOLUTION
    return frame.loc[frame["mm"] < limit, "day"].tolist()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_dry", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert dry(rain, 5.0) == [2, 9]
assert dry(rain, 0.0) == []
