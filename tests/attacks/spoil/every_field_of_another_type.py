"""Send the four messages that display something, with each field of each other type, or left out."""
# noted: no Jupyter message

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


ODD = (None, 5, -1.5, True, [], [1], [None], {}, {"text/plain": 1}, "x", [["x"]], 10**400)
for value in ODD:
    send("stream", {"name": value, "text": "x"})
    send("stream", {"name": "stdout", "text": value})
    send("stream", {"name": "stdout"})
    for kind in ("display_data", "execute_result"):
        send(kind, {"data": value, "metadata": value, "execution_count": value})
        send(kind, {"data": {"text/plain": value, "image/png": value, "image/jpeg": value}})
        send(kind, {"data": {"application/x-vaelab-probe-reply": value}})
    for field in ("ename", "evalue", "traceback"):
        send("error", {"ename": "E", "evalue": "e", "traceback": ["t"], field: value})
    send("status", {"execution_state": value})
    send(value, {"name": "stdout", "text": "x"})
    send("stream", value)
