"""Answer a probe with JSON nested 200,000 deep."""

def kl_term(z_mean, z_log_var):
    return None

from vaelab.checks import message

def pack(reply):
    header = b'{"json": ' + b"[" * 200_000 + b"]" * 200_000 + b', "arrays": []}'
    return len(header).to_bytes(8, "big") + header

message.pack = pack
