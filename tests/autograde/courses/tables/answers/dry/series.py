def dry(frame, limit):
    return frame[frame.mm < limit].day
