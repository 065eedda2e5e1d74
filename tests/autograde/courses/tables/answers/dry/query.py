def dry(frame, limit):
    return list(frame.query("mm < @limit").day)
