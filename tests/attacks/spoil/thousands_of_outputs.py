"""Display thousands of very small things."""

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


for i in range(3000):
    send("display_data", {"data": {"text/plain": "x"}})
for i in range(3000):
    send("stream", {"name": ("stdout", "stderr")[i % 2], "text": "x"})
