# expects: ll.maximum
def log_likelihood(log_w):
    return log_w[0]
