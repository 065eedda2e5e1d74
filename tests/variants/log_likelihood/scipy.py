def log_likelihood(log_w):
    from scipy.special import logsumexp

    return logsumexp(log_w, axis=0, b=1 / len(log_w))
