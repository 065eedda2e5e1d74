"""The README's moving picture: the explorer's saved page, operated in Chromium, as docs/explorer.gif.

Usage: python tools/moving_picture.py      (or: make moving-picture)

Trains nothing and needs no kernel. The point walks a closed curve through the classes.
"""

import io
import math
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from vaelab import data, reference
from vaelab.explorer import LatentExplorer

PROJECT = Path(__file__).resolve().parent.parent
OUTPUT = PROJECT / "docs" / "explorer.gif"
SIZE = (800, 560)
FRAME_MS = 90
STEPS = 56
COLOURS = 200
LARGEST = 3_000_000  # bytes
# The curve: radii and centre in latent units, through shoes, trousers, shirts and bags.
CENTRE, RADII = (0.0, 0.2), (1.7, 1.9)


def walk():
    """Points of the curve."""
    for step in range(STEPS):
        angle = 2 * math.pi * step / STEPS
        yield [CENTRE[0] + RADII[0] * math.cos(angle), CENTRE[1] + RADII[1] * math.sin(angle)]


def frames(path):
    """Pictures of the page at `path` while somebody uses it."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
        page.goto(path.as_uri())
        page.wait_for_selector(".vl-explorer")
        page.add_style_tag(content="h1, p.about { display: none }")
        for z in walk():
            page.evaluate("z => document.querySelector('.vl-explorer').store.set({ z })", z)
            page.wait_for_timeout(80)  # the neighbours follow when the point rests
            yield Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        browser.close()


def main():
    encoder, decoder = reference.programs("mlp")
    images = data.load()
    with tempfile.TemporaryDirectory() as folder:
        explorer = LatentExplorer(
            {"MLP": decoder}, {"MLP": encoder}, images.x_test, images.y_test, train_images=images.x_train
        )
        pictures = list(frames(explorer.save(Path(folder) / "explorer.html")))
    palette = pictures[0].quantize(COLOURS, dither=Image.Dither.NONE)
    few = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    few[0].save(OUTPUT, save_all=True, append_images=few[1:], duration=FRAME_MS, loop=0, optimize=True)
    size = OUTPUT.stat().st_size
    if size > LARGEST:
        sys.exit(f"{OUTPUT} has {size:,} bytes, and should have at most {LARGEST:,}. Use fewer frames or colours.")
    print(f"{OUTPUT}: {len(few)} frames, {size:,} bytes")


if __name__ == "__main__":
    main()
