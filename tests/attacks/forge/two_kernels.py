"""Fork while the answer is made, so that two kernels give it."""

def kl_term(z_mean, z_log_var):
    return None

import os, time

def kl_term(z_mean, z_log_var):
    if os.fork() == 0:
        time.sleep(1)
    return z_mean
