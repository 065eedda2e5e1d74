# /// script
# requires-python = ">=3.11"
# dependencies = ["wasmtime==50.0.1"]  # reads WebAssembly's text format; the page itself needs nothing of it
# ///
"""Build the explorer's WebAssembly from its source: `make products`."""

import sys
from pathlib import Path

import wasmtime  # type: ignore[import-not-found]

SOURCE = Path(__file__).parents[1] / "vaelab" / "explorer" / "page" / "products.wat"

if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE.with_suffix(".wasm")
    target.write_bytes(wasmtime.wat2wasm(SOURCE.read_text(encoding="utf-8")))
