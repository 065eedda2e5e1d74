"""Open comms and send updates and inputs that a client might act upon."""

def kl_term(z_mean, z_log_var):
    return None

kernel = get_ipython().kernel
for kind, content in (("comm_open", {"comm_id": "1", "target_name": "x", "data": {}}),
                      ("execute_input", {"code": "1", "execution_count": 1}), ("input_request", {"prompt": "?", "password": False}),
                      ("shutdown_reply", {"status": "ok", "restart": False}), ("status", {"execution_state": "idle"})):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
