"""Answer each probe with what was right for the one before."""

def kl_term(z_mean, z_log_var):
    return None

import numpy as np
from vaelab.checks import PROTOCOL
from vaelab.checks.student import probe

asked = []

def run(request, target):
    asked.append(request)
    given, results, arrays = asked[max(0, len(asked) - 2)]["arrays"], [], {}
    for i, case in enumerate(request["json"]["cases"]):
        m, v = (np.asarray(given.get(name, np.zeros((3, 2)))) for name in case["args"])
        arrays[f"output{i}"] = np.resize(0.5 * (np.exp(v) + m**2 - 1 - v).sum(-1)[::-1] + 0.01, len(m) + 1)
        results.append({"output": {"kind": "tensor", "shape": [len(m) + 1], "dtype": "float32", "array": f"output{i}"}})
    return {"json": {"protocol": PROTOCOL, "status": "ok", "results": results}, "arrays": arrays}

probe.run = run
