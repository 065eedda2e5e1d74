"""Claim older and newer versions of the protocol, for which a client may have methods by name that rewrite a message."""

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


for version in ("4.1", "4", "3.0", "6.0", "", "x", "-1", "5.3.1.4"):
    for kind in ("pyout", "pyerr", "update_header", "update_metadata", "update_msg_type", "handle_reply_status_error",
                 "__call__", "__init__", "execute_reply", "display_data", "input_request", "status"):
        send(kind, {"data": {"text/html": "<script>EFFECT</script>"}, "execution_state": "idle", "status": "ok"},
             version=version)
for version in (None, 4, [], {}):
    send("stream", {"name": "stdout", "text": "x"}, version=version)
