"""Write each part of the file twice, so that one reader sees one notebook and another one another."""

import json


def forge(notebook):
    empty = {**notebook, "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "nothing"}]}
    return json.dumps(empty)[:-1].encode() + b', "cells": ' + json.dumps(notebook["cells"]).encode() + b', "nbformat": 4}'
