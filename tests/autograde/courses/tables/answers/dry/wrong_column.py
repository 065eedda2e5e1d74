def dry(frame, limit):
    return list(frame[frame.rain < limit].day)
