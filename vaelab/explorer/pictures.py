"""Everything of the explorer that stands still: the figure for where nothing can move, and the classes' markers."""

import base64
import html
import io

import numpy as np
from PIL import Image
from scipy.special import ndtri

from vaelab import plots

# Width and height that a static figure may have, in image pixels.
_STATIC_PIXELS = 400


def png(pixels):
    """A uint8 image ``(height, width, channels)``, 1 or 3 channels, as PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(stream, "png")
    return stream.getvalue()


def to_pixels(image):
    """An image in [0, 1] as 8-bit pixels, rounded as the decoders' are."""
    return np.rint(np.asarray(image).clip(0, 1) * 255).astype(np.uint8)


def img(pixels, alt, size):
    """An ``<img>`` of a uint8 image, ``size`` pixels high, its pixels kept sharp."""
    source = base64.b64encode(png(pixels)).decode("ascii")
    return (
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{source}" '
        f'style="height:{size}px;image-rendering:pixelated">'
    )


def class_styles(class_names):
    """Name, colour and marker of each class; Okabe and Ito's colours first."""
    if class_names is None:
        return [{"name": "", "colour": plots.BLUE, "marker": plots.CLASS_MARKERS[0]}]
    return [
        {
            "name": str(name),
            "colour": plots.CLASS_COLOURS[index % len(plots.CLASS_COLOURS)],
            "marker": plots.CLASS_MARKERS[index % len(plots.CLASS_MARKERS)],
        }
        for index, name in enumerate(class_names)
    ]


def static_alt(decoder):
    """What the static figure shows, in words."""
    axes = "z1 from left to right" + (" and z2 from bottom to top" if decoder.latent_dim > 1 else "")
    return (
        f"Images decoded by {decoder.name} at {_static_side(decoder)} equally spaced quantiles of the prior: {axes}"
        f"{', all other dimensions 0' if decoder.latent_dim > 2 else ''}."
    )


def static_grid(decoder):
    """A picture of the latent space for where nothing can move: uint8 pixels.

    Rows and columns are equally spaced quantiles of the prior in z1 and z2, z2 upwards;
    all other dimensions are 0. Of large images there are fewer, so that a saved notebook
    stays small.
    """
    n = _static_side(decoder)
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    z = np.zeros((n, n, decoder.latent_dim), np.float32)
    z[..., 0] = quantiles[None, :]
    if decoder.latent_dim > 1:
        z[..., 1] = quantiles[::-1, None]
    else:
        z = z[:1]
    height, width, channels = decoder.shape
    tiles = to_pixels(decoder.images(z)).reshape(len(z), n, height, width, channels)
    return tiles.transpose(0, 2, 1, 3, 4).reshape(len(z) * height, n * width, channels)


def static_figure(decoder):
    """The static grid as one HTML figure."""
    pixels, alt = static_grid(decoder), static_alt(decoder)
    return (
        f'<figure style="margin:0">{img(pixels, alt, len(pixels))}'
        f"<figcaption>{html.escape(alt)} A still picture: run the notebook to move through it.</figcaption></figure>"
    )


def _static_side(decoder):
    return int(np.clip(_STATIC_PIXELS // max(decoder.shape), 3, 12))
