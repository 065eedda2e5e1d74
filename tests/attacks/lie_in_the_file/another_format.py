"""Hand in an older format, whose tests are worksheets of nothing, beside cells of the new one."""

import json


def forge(notebook):
    old = {**notebook, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": []}, {"cells": [{"cell_type": "code", "input": "1"}]}]}
    return json.dumps(old).encode("utf-8-sig")
