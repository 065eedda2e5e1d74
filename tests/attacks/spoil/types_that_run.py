"""Display what a browser would run, under its own types and under those of pictures and text."""

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


RUNS = {
    "text/html": "<script>EFFECT</script>",
    "application/javascript": "EFFECT",
    "image/svg+xml": "<svg onload='EFFECT'/>",
    "text/markdown": "<img src=x onerror='EFFECT'>",
    "text/latex": "$\\href{javascript:EFFECT}{x}$",
    "text/vnd.mermaid": "graph LR; A-->B; click A href \"javascript:EFFECT\"",
    "application/vnd.jupyter.widget-view+json": '{"model_id": "EFFECT"}',
    "application/pdf": "JVBERi0x",
    "video/mp4": "EFFECT",
    "application/json": "{}",
    "TEXT/HTML": "<script>EFFECT</script>",
    "text/html; charset=utf-8": "<script>EFFECT</script>",
}
for kind, text in RUNS.items():
    send("display_data", {"data": {kind: text}, "metadata": {kind: {"isolated": True}}})
    send("display_data", {"data": {"image/png": text, "image/jpeg": text}})
send("display_data", {"data": {"image/png": "iVBORw0KGgo=\" onerror=\"EFFECT"}})
send("update_display_data", {"data": RUNS, "transient": {"display_id": "1"}})
