"""Send halves of characters, which UTF-8 cannot write, wherever text goes."""

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


HALF = "\ud800 \udfff"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
plain = kernel.session.pack
kernel.session.pack = lambda value: __import__("json").dumps(value, default=str).encode("utf-8", "surrogatepass")
send("stream", {"name": "stdout", "text": HALF})
send("stream", {"name": HALF, "text": HALF})
send("error", {"ename": HALF, "evalue": HALF, "traceback": [HALF]})
send("display_data", {"data": {"text/plain": HALF, "image/png": PIXEL + HALF, HALF: HALF}, "metadata": {HALF: HALF}})
send("keep", {"output_type": "stream", "name": "stdout", "text": HALF})
send(HALF, {HALF: HALF})
kernel.session.pack = plain
print(HALF)


class HALF_A(Exception):
    pass


HALF_A.__name__ = HALF
raise HALF_A(HALF)
