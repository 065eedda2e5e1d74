"""Give messages the names of methods that keep outputs, and outputs that no notebook may have."""
# noted: no Jupyter message

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


for output in (
    {"output_type": "display_data", "data": 5, "metadata": []},
    {"output_type": "stream", "name": "stdout"},
    {"output_type": "error", "ename": 1, "evalue": None, "traceback": "text"},
    {"output_type": "video"},
    {"output_type": "stream", "name": "stdout", "text": "x", "cells": []},
):
    send("keep", output)
    send("display_data", output)
