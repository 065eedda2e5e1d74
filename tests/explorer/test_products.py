"""The explorer's WebAssembly is what its source gives."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "vaelab" / "explorer" / "page"
BUILD = PROJECT / "tools" / "build_products.py"


@pytest.mark.network
@pytest.mark.proof(about=lambda: [PAGE / "products.wat", PAGE / "products.wasm", BUILD])
def test_the_webassembly_is_what_its_source_gives(tmp_path):
    built = tmp_path / "built.wasm"
    subprocess.run(
        ["uv", "run", "--quiet", "--python", sys.executable, "--script", BUILD, built], check=True, timeout=300
    )
    assert built.read_bytes() == (PAGE / "products.wasm").read_bytes(), "run: make products"
