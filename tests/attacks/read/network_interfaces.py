"""See any network interface but an isolated loopback."""

import socket
try:
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
except OSError:
    names = []
if names:
    print("EFFECT", names)
