"""Raise the points, and lower what they are out of."""


def forge(notebook):
    for cell in notebook["cells"]:
        mine = cell["metadata"].get("nbgrader")

        if mine and mine.get("points"):
            mine["points"] = 1000
