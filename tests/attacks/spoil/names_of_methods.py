"""Give messages the names of methods that a client has for outputs, with pages and scripts for a notebook."""

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


HTML = "<script>document.title = 'EFFECT'</script><img src=x onerror=\"document.title = 'EFFECT'\">"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title = 'EFFECT'\"/>"
data = {"text/html": HTML, "application/javascript": "document.title = 'EFFECT'", "image/svg+xml": SVG}
for kind in ("keep", "_keep", "_Outputs__keep", "append", "items", "shown", "display", "clear_output"):
    send(kind, {"output_type": "display_data", "data": data, "metadata": {}})
