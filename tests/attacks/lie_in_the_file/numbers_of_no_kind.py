"""Give points that are NaN, infinite, negative, text and endless."""

import itertools
import json


def forge(notebook):
    worths = itertools.cycle([float("nan"), float("inf"), -1000, "1e9", [6], None, True, 10**300])
    for cell in notebook["cells"]:
        mine = cell["metadata"].get("nbgrader")
        if mine:
            mine["points"] = next(worths)
    return json.dumps(notebook).encode()
