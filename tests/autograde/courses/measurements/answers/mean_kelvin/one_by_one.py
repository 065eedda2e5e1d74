def mean_kelvin(celsius):
    return np.mean([to_kelvin(c) for c in celsius])
