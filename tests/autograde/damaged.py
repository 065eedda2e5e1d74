"""Files that are no notebook of the assignment, by what is wrong with them."""

import base64
import gzip
import html
import io
import json
import zipfile

import nbformat
from grading_helpers import answered, as_bytes

from autograde import submitted


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mini.ipynb", as_bytes(answered()))
    return stream.getvalue()


GOOD = as_bytes(answered())
DAMAGED = {
    "empty": b"",
    "blank": b"  \n\n",
    "zeros": b"\0" * 4096,
    "cut short": GOOD[: len(GOOD) // 2],
    "last byte missing": GOOD[:-1],
    "a hole of zeros": GOOD[:500] + b"\0" * 100 + GOOD[600:],
    "a web page": b"<!DOCTYPE html><html><body>Please log in</body></html>",
    "a PDF": b"%PDF-1.7\n\xe2\xe3\xcf\xd3",
    "a zip": zipped(),
    "an image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a Python script": b"def kl_term(a, b):\n    return 1\n",
    "UTF-16 without a mark, cut": GOOD.decode().encode("utf-16-le")[:-9],
    "Latin-1": '{"cells": ["é"]}'.encode("latin-1"),
    "merge conflict": GOOD.replace(b'"cells"', b'\n<<<<<<< HEAD\n"cells"'),
    "a list": b"[1, 2, 3]",
    "a number": b"7",
    "a string": b'"notebook"',
    "null": b"null",
    "no cells": b'{"nbformat": 4}',
    "cells is an object": b'{"cells": {}}',
    "cells is null": b'{"cells": null}',
    "cells are numbers": b'{"cells": [1, 2]}',
    "empty cells": b'{"cells": []}',
    "worksheets of nothing": b'{"worksheets": [], "nbformat": 3}',
    "worksheets of numbers": b'{"worksheets": [1], "nbformat": 3}',
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "millions of lists": b"[" + b"[]," * 2_100_000 + b"[]]",
    "too large": b'{"cells": ["' + b"x" * submitted.MAX_BYTES + b'"]}',
    "a number of 5000 digits": b'{"cells": [' + b"9" * 5000 + b"]}",
    "5000 cells": json.dumps({"cells": [{"cell_type": "code", "source": "1"}] * 5000}).encode(),
    "another assignment": as_bytes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])),
    "cells of unknown types": json.dumps({"cells": [{"cell_type": "video", "source": "1"}]}).encode(),
    "sources that are not text": json.dumps({"cells": [{"cell_type": "code", "source": 5}]}).encode(),
    "random bytes": bytes(range(256)) * 40,
    "compressed": gzip.compress(GOOD),
    "base64": base64.b64encode(GOOD),
    "quoted twice": json.dumps(GOOD.decode()).encode(),
    "printed by Python": repr(json.loads(GOOD)).encode(),
    "in an envelope": b'{"notebook": ' + GOOD + b"}",
    "two notebooks in one file": GOOD + GOOD,
    "something after the end": GOOD + b"\n-- \nsent from my telephone",
    "comments": b"// my notebook\n" + GOOD,
    "escaped for HTML": html.escape(GOOD.decode()).encode(),
    "UTF-32, cut": GOOD.decode().encode("utf-32")[:-5],
    "a mark and nothing": b"\xef\xbb\xbf",
    "cut inside a letter": GOOD[:200] + "é".encode()[:1],
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "a shortcut": b"[InternetShortcut]\nURL=https://colab.example/drive/1\n",
    "Markdown": b"---\njupyter: true\n---\n\n# Title\n",
    "a JSON of lines": b"\n".join(json.dumps(c).encode() for c in json.loads(GOOD)["cells"]),
    "not a number": b"NaN",
    "cells within cells": json.dumps({"cells": [json.loads(GOOD)["cells"]]}).encode(),
    "one bit fell over": GOOD.replace(b'"cells":', b'"cells"z', 1),
}
