def monthly(frame):
    return rain.groupby("month").mm.sum()
