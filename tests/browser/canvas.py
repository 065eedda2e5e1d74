"""The pixels of a canvas in a page. As text in base 64: as a list of numbers a large one takes seconds."""

import base64

import numpy as np
from playwright.sync_api import Locator

_READ = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return [canvas.height, canvas.width, btoa(text)];
}"""


def pixels(canvas: Locator) -> np.ndarray:
    """Red, green and blue from 0 to 255, ``(height, width, 3)``."""
    height, width, text = canvas.evaluate(_READ)
    values = np.frombuffer(base64.b64decode(text), np.uint8)
    return values.reshape(height, width, 4)[..., :3].astype(float)
