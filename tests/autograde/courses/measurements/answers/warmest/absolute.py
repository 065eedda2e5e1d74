def warmest(path):
    return abs(read(path)).min()
