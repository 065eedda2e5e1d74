"""Turn the tests into raw cells for a browser, and the answers into pages of HTML."""
# noted: edited


def forge(notebook):
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("test_"):
            cell.update(cell_type="raw", source="<script>alert('EFFECT')</script>")
            cell["metadata"].update(raw_mimetype="text/html", format="text/html")
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
