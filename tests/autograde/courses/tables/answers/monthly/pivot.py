def monthly(frame):
    return frame.pivot_table(index="month", values="mm", aggfunc="sum")["mm"]
