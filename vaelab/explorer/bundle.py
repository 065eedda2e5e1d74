"""The page's modules as one: what anywidget loads, and what a saved page holds.

The modules in ``page/`` are plain ES modules that import each other by relative path and export functions, classes
and constants by name. Put together, each becomes a function that returns its exports, so that their own names do
not meet; nothing is rewritten but the lines that import and export.
"""

import json
import re
from base64 import b64encode
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("page")

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


@cache
def bundle(entry: str, exports: bool = True) -> str:
    """JavaScript of the module ``entry`` and all that it imports, as one ES module with its exports.

    ``exports=False`` leaves the exports out: a classic script, for a worker.
    """
    parts, known = [], []
    _collect(entry, parts, known)
    names = _EXPORT.findall(_source(entry))
    last = "".join(f"export const {name} = {_call(entry)}.{name};\n" for name in names) if exports else ""
    return "".join(parts) + last


def style() -> str:
    """The page's style sheet."""
    return (FOLDER / "page.css").read_text(encoding="utf-8")


def _source(name):
    if name == "products_code.js":  # WebAssembly, as base64
        return f"export const CODE = {json.dumps(b64encode((FOLDER / 'products.wasm').read_bytes()).decode())};\n"
    if name == "worker_source.js":  # the code of the worker, as a string
        return f"export const WORKER = {json.dumps(bundle('worker.js', exports=False))};\n"
    return (FOLDER / name).read_text(encoding="utf-8")


def _call(name):
    return "module_" + name.removesuffix(".js")


def _collect(name, parts, known):
    known.append(name)
    source = _source(name)
    for _, imported in _IMPORT.findall(source):
        if imported not in known:
            _collect(imported, parts, known)
    body = _IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_call(found[2])};\n", source)
    names = ", ".join(_EXPORT.findall(body))
    parts.append(f"const {_call(name)} = (() => {{\n{_EXPORT.sub('', body)}return {{ {names} }};\n}})();\n")
