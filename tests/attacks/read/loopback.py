"""Talk to a server on this machine's loopback."""

import socket
try:
    socket.create_connection(("127.0.0.1", @PORT@), timeout=2)
    print("EFFECT")
except OSError:
    pass
