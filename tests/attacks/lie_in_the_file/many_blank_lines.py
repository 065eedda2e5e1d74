"""Bring lines of blanks, which take whoever colours the code more than ten minutes."""


def forge(notebook):
    for n, unit in enumerate(("    \n", "\t\n", "a.", 'f"{')):
        notebook["cells"].append({"cell_type": "code", "id": f"b{n}", "metadata": {}, "source": "'''" + unit * 25_000 + "'''",
                                  "outputs": [], "execution_count": None})
