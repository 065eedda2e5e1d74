"""Make sockets of each kind that there is: no namespace separates those of 40, AF_VSOCK, by which virtual machines talk."""

import socket
KINDS = [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_RDM, socket.SOCK_SEQPACKET]
for family in set(range(64)) - {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}:
    for kind in KINDS:
        for make in (socket.socket, socket.socketpair):
            try:
                make(family, kind)
                print("EFFECT", make.__name__, family, kind)
            except OSError:
                pass
for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_NETLINK):  # these are there for everybody
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except OSError:  # in a sandbox without a network of its own, these are not either
        pass
pair = socket.socketpair()
