"""Answer with a probe of one's own, which invents layers, gradients, changed averages and outputs for all that could be asked."""

import numpy as np
from vaelab.checks import PROTOCOL
from vaelab.checks.student import probe

def make_conv_encoder(*sizes):
    return None

def invented(request, target):
    rng, json = np.random.default_rng(), request["json"]
    count, latent_dim = json["traces"][0]["shape"][0], json["args"][3]
    arrays, results = {}, []
    layer = {"type": "Conv2D", "in": [count, 28, 28, 1], "out": [count, 7, 7, 16], "kernel": [3, 3], "strides": [2, 2],
             "padding": "same", "variables": [0], "only": True}
    for i in range(9):
        for name in (f"step{i}.0", f"step{i}.1"):
            arrays[name] = rng.normal(size=(count, latent_dim)) * 9
        told = [{"kind": "tensor", "type": "EagerTensor", "shape": [count, latent_dim], "array": f"step{i}.{j}"} for j in range(2)]
        results.append({"output": {"kind": "list", "type": "list", "length": 2, "items": told}, "layers": [layer], "operations": [layer],
                        "changed": [0.5, 0.25], "sizes": [[1.0, 2.0]] * 2, "which": [0, 1], "shapes": [[3, 3, 1, 16], [16]],
                        "pixels": {"kind": "tensor", "shape": [28, 28, 1], "array": "pixels"}})
    arrays["pixels"] = np.ones((28, 28, 1))
    return {"json": {"protocol": PROTOCOL, "status": "ok", "model": {"type": "Functional", "is_model": True, "names": []},
                     "steps": results, "graphs": [{"output": results[0]["output"], "graph": "graph0"}] * len(json["traces"]),
                     "variables": []}, "arrays": arrays}

probe.run = invented
