"""Let the id of each cell and its grade_id name different cells."""


def forge(notebook):
    mine = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader")]
    names = [cell["metadata"]["nbgrader"]["grade_id"] for cell in mine]
    for cell, name in zip(mine, names[1:] + names[:1]):
        cell["id"] = name
