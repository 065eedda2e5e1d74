def monthly(frame):
    return frame.groupby("month")[["mm"]].sum()
