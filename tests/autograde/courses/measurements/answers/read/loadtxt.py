def read(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=1)
