def monthly(frame):
    return frame.groupby("month")["mm"].mean()
