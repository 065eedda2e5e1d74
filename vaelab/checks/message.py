"""Messages between judge and probe: plain JSON and arrays, in bytes and back.

The format is ours and not ``.npz`` because what is read here may have been written by a
hostile process: a zip archive can claim, or expand to, any size. Here nothing is
compressed and no object is rebuilt; a message is never larger in memory than in bytes.

Layout: 8 bytes (length of the header, big-endian), the header (JSON: the ``json`` part
and a list of ``[name, dtype, shape]``), then each array's bytes in C order.
"""

import json
import math

import numpy as np

PROTOCOL = 1

#: No message of this course needs more; a longer one is refused.
MAX_BYTES = 64 * 2**20

#: The only element types that may cross.
DTYPES = ("bool", "int8", "uint8", "int32", "uint32", "int64", "float16", "float32", "float64")


#: On a connection, each message comes after its length in bytes: a number of so many, big-endian.
LENGTH = 8


class MessageError(ValueError):
    """These bytes are not a message."""


def pack(message):
    """Bytes for ``{"json": ..., "arrays": {name: array}}``."""
    arrays = {name: np.ascontiguousarray(a) if np.ndim(a) else np.asarray(a) for name, a in message["arrays"].items()}
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise MessageError(f"array {name!r} has dtype {array.dtype}; allowed: {', '.join(DTYPES)}")
    header = json.dumps(
        {
            "json": message["json"],
            "arrays": [[name, a.dtype.name, list(a.shape)] for name, a in arrays.items()],
        }
    ).encode()
    return b"".join([len(header).to_bytes(8, "big"), header, *(a.tobytes() for a in arrays.values())])


def framed(data):
    """The bytes of a packed message as they go over a connection."""
    return len(data).to_bytes(LENGTH, "big") + data


def unpack(data, max_bytes=MAX_BYTES):
    """The message in `data`; raises `MessageError` on anything else."""
    if len(data) > max_bytes:
        raise MessageError(f"{len(data)} bytes; at most {max_bytes} are read")
    data = memoryview(data)
    size = int.from_bytes(data[:8], "big")
    if len(data) < 8 or size > len(data) - 8:
        raise MessageError("cut short")
    try:
        header = json.loads(bytes(data[8 : 8 + size]))
        body, listed = header["json"], header["arrays"]
        listed = [(name, dtype, tuple(shape)) for name, dtype, shape in listed]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MessageError("the header is not what it should be") from error
    if not isinstance(body, dict):
        raise MessageError("the JSON part is not an object")
    arrays, at = {}, 8 + size
    for name, dtype, shape in listed:
        if not isinstance(name, str) or dtype not in DTYPES or len(shape) > 8:
            raise MessageError("an array is described wrongly")
        if not all(type(n) is int and 0 <= n <= max_bytes for n in shape):
            raise MessageError("an array has an impossible shape")
        length = math.prod(shape) * np.dtype(dtype).itemsize
        if length > len(data) - at:
            raise MessageError("an array is longer than the message")
        arrays[name] = np.frombuffer(data[at : at + length], dtype=dtype).reshape(shape).copy()
        at += length
    return {"json": body, "arrays": arrays}
