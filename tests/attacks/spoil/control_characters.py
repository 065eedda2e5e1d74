"""Print characters that move cursors, turn text around, end strings, or colour a thousand times."""

from IPython import get_ipython

kernel = get_ipython().kernel


def send(kind, content, **header):
    """One message on the line of outputs, with any type and any content."""
    message = kernel.session.msg(kind, content=content, parent=kernel.get_parent())
    message["header"].update(header)
    kernel.session.send(kernel.iopub_socket, message)


import sys

print("".join(map(chr, range(32))), "\x7f\x85\u2028\u202e\u2066\ufeff\U000e0001")
print("\x1b[2J\x1b]0;EFFECT\x07\x1b[31m" * 500)
print("\x1b[38;5;" * 2000, file=sys.stderr)
print("</pre></div><script>EFFECT</script><!--")
raise ValueError("\x1b[31m</pre><script>EFFECT</script>\0")
