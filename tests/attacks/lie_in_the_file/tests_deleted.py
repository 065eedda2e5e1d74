"""Delete the tests."""
# noted: missing


def forge(notebook):
    notebook["cells"] = [c for c in notebook["cells"] if not c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("test_")]
