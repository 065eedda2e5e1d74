import numpy as np


def log_likelihood(log_w):
    import math

    result = []
    for column in np.asarray(log_w, "float64").T.tolist():
        top = max(column)
        result.append(top + math.log(sum(math.exp(value - top) for value in column) / len(column)))
    return np.array(result)
