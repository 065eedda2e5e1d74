"""A loop in plain Python."""

def active_units(z_mean, threshold=0.01):
    count = 0
    for column in zip(*z_mean.tolist()):
        mean = sum(column) / len(column)
        count += sum((value - mean) ** 2 for value in column) / len(column) > threshold
    return count
