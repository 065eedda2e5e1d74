"""The explorer as one HTML file: page, programs, codes and images in it, nothing to load from anywhere."""

import base64
import html
import json
import zlib

import numpy as np

from vaelab.explorer import contents, pictures
from vaelab.explorer.bundle import bundle, style

# Bytes of a saved page; images are left out until it fits.
LIMIT = 2_500_000
# What the rest of the text may take beyond its blocks of numbers.
_SLACK = 4_000
# Encoders are left out where they would leave less than this for images: some hundreds of 28 x 28 pixels.
_IMAGES = 200_000

# Nothing may be loaded: not by this page, and not by what somebody writes into it.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src blob: data:"
)

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #222; }
body { margin: 0 auto; padding: 16px clamp(12px, 3vw, 32px); max-width: 1000px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; }
p.about { margin: 0 0 12px; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #17191c; --ink: #e8e8e8; --jp-ui-font-color1: #e8e8e8; --jp-ui-font-color2: #b4b4b4; --jp-border-color2: #55595f;
    --jp-layout-color1: #1f2226; }
}
"""


def page(explorer, title="A latent space") -> str:
    """The HTML of an explorer, at most ``LIMIT`` bytes if its decoders and codes alone are not more.

    Raises
    ------
    ValueError
        If a decoder has no program.
    """
    for decoder in explorer.decoders:
        if decoder.network.program is None:
            raise ValueError(f"A saved page cannot run {decoder.name}. {decoder.network.why}")

    made, room = _with_networks(explorer, title, encoders=True)
    if room < _IMAGES and any(encoder is not None for encoder in explorer.encoders):
        made, room = _with_networks(explorer, title, encoders=False)
    header, buffers, packed = made
    given = {"images": explorer.images, "trainImages": explorer.train_images}
    sets = sum(images is not None for images in given.values())
    for name, images in given.items():
        count = 0 if images is None else min(len(images), int(room / sets / _bytes_each(images)))
        if count > 0:
            header[name] = contents.images(images[:count], buffers, list(range(count)))
    packed += [_pack(array) for array in buffers.arrays[len(packed) :]]
    return _document(explorer, title, header, packed, buffers.arrays)


def _with_networks(explorer, title, encoders):
    """All but the images: (header, buffers, packed), and how many bytes are left for images."""
    buffers = contents.Buffers()
    header = contents.header(explorer, buffers, encoders)
    packed = [_pack(array) for array in buffers.arrays]
    size = len(_document(explorer, title, header, packed, buffers.arrays).encode())
    return (header, buffers, packed), max(LIMIT - size - _SLACK, 0)


def _bytes_each(images):
    """What one image takes in the file: measured on some, and a little more."""
    some = images[: min(len(images), 200)]
    buffers = contents.Buffers()
    contents.images(some, buffers)
    return 1.03 * len(_pack(buffers.arrays[0])) / len(some) + 6


def _pack(array) -> str:
    """Numbers, deflated, in base64; float32 byte plane by byte plane, which compresses better."""
    raw = array.tobytes()
    if array.dtype != np.uint8:
        raw = np.frombuffer(raw, np.uint8).reshape(-1, 4).T.tobytes()
    return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def _document(explorer, title, header, packed, arrays):
    kinds = ["u1" if array.dtype == np.uint8 else "f4" for array in arrays]
    data = {"header": header, "buffers": [{"text": t, "kind": k} for t, k in zip(packed, kinds, strict=False)]}
    # In JSON "<" stands only within strings, where it may be written otherwise; so no text closes the script.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    names = " and ".join(decoder.name for decoder in explorer.decoders)
    still = pictures.img(pictures.static_grid(explorer.decoders[0]), pictures.static_alt(explorer.decoders[0]), 280)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<link rel="icon" href="data:,">
<title>{html.escape(title)}</title>
<style>{_STYLE}{style()}</style>
</head>
<body>
<main>
<h1>{html.escape(title)}</h1>
<p class="about">The decoder ({html.escape(names)}) runs in this page. Move the point, and its address follows: send it to show
somebody this place.</p>
<div id="explorer">{still}<p>A still picture: to move through it, this page needs JavaScript.</p></div>
</main>
<script type="application/json" id="packed">{text}</script>
<script type="module">
{bundle("saved.js")}
start(document.getElementById("explorer"), JSON.parse(document.getElementById("packed").textContent));
</script>
</body>
</html>
"""
