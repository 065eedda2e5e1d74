"""Give messages the names of methods that keep outputs, and outputs that have no type."""

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


for kind in ("keep", "_keep", "fits", "_fits", "take", "add", "_display", "_text"):
    send(kind, {"x": 1})
    send(kind, {})
