def mean_kelvin(celsius):
    return to_kelvin(abs(np.mean(celsius)))
