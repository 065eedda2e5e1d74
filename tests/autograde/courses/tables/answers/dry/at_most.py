def dry(frame, limit):
    return list(frame[frame.mm <= limit].day)
