"""Declare the tests written answers, and the answers tests."""


def forge(notebook):
    for cell in notebook["cells"]:
        mine = cell["metadata"].get("nbgrader")

        if mine:
            mine["solution"], mine["locked"], mine["grade"] = not mine["solution"], not mine["locked"], True
