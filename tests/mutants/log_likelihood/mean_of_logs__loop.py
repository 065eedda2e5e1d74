# expects: ll.mean_of_logs
def log_likelihood(log_w):
    total = 0.0
    for row in log_w:
        total = total + row
    return total / len(log_w)
