"""Talk to an abstract Unix socket, which has no file to hide."""

import socket
try:
    socket.socket(socket.AF_UNIX).connect("\0autograde-@PORT@")
    print("EFFECT")
except OSError:
    pass
