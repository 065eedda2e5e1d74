import numpy as np
from units import to_kelvin


def mean_kelvin(celsius):
    return to_kelvin(np.mean(celsius))
