"""Give cells, grade ids, pictures and types names of megabytes."""


def forge(notebook):
    name = "x" * 4_000_000
    notebook["cells"].append({"cell_type": "markdown", "id": name, "metadata": {"nbgrader": {"grade_id": name}}, "source": "x",
                              "attachments": {name: {"image/png": "AAAA", name: name}}})
    notebook["cells"].append({"cell_type": name, "id": "n", "metadata": {}, "source": name})
    notebook["metadata"]["kernelspec"] = {"name": name, "display_name": name, "language": name}
