def mean_kelvin(celsius):
    return np.mean(celsius) + 273
