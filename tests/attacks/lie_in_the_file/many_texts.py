"""Bring twenty-five texts, and as many cells of code, of almost as much as one may have."""


def forge(notebook):
    for i in range(25):
        notebook["cells"].append({"cell_type": "markdown", "id": f"m{i}", "metadata": {}, "source": "(a *b " * 160_000})
        notebook["cells"].append({"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": "#" * 990_000, "outputs": [],
                                  "execution_count": None})
