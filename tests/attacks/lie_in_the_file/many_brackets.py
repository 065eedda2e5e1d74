"""Answer in brackets within brackets, for which Markdown takes quadratic time."""


def forge(notebook):
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "question_pull":
            cell["source"] = "[" * 24_000 + "](x)" * 24_000
    for n, text in enumerate(("> " * 10_000, "\\\\[" * 6000, "![" * 10_000, "*a " * 6000, "- " * 10_000)):
        notebook["cells"].append({"cell_type": "markdown", "id": f"n{n}", "metadata": {}, "source": text})
