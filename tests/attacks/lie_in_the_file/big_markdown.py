"""Bring one text of sixty megabytes, which takes whoever reads it seconds and gigabytes."""


def forge(notebook):
    notebook["cells"].append({"cell_type": "markdown", "id": "big", "metadata": {}, "source": "word " * 12_000_000})
