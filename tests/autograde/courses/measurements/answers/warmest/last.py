def warmest(path):
    return read(path)[-1]
