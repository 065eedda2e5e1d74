"""See any network interface but an isolated loopback."""

import socket
names = [name for _, name in socket.if_nameindex() if name != "lo"]
if names:
    print("EFFECT", names)
