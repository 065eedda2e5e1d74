"""What training steps do to the weights, as vectors beside the gradients."""

import numpy as np

from vaelab.checks.judge.make_vae.run import DECODER, ENCODER


def slope_of(networks, x):
    """The gradient of the negative ELBO, by name of the weight."""
    rec, kl = networks.gradients(x)
    return {name: rec[name] + kl.get(name, 0) for name in rec}


def taken_off(run, i, names):
    """What step `i` took off the weights."""
    return {name: run.networks.weights[name] - run.after(i, name) for name in names}


def flat(arrays, parts):
    """One vector of the arrays, by name of the weight, that belong to `parts` of the networks."""
    return np.concatenate([array.ravel() for name, array in arrays.items() if name.split(".")[0] in parts])


def by_part(*vectors):
    """For the encoder and for the decoder, each of `vectors` as one."""
    return [[flat(vector, part) for vector in vectors] for part in (ENCODER, DECODER)]
