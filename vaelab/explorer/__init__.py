"""Move through a decoder's latent space by hand.

>>> from vaelab.explorer import LatentExplorer
>>> LatentExplorer(decoder)                                  # doctest: +SKIP
>>> LatentExplorer(decoder, encoder, images, labels)         # doctest: +SKIP
>>> LatentExplorer({"MLP": mlp, "conv": conv}, images=images, labels=labels,
...                posterior={"MLP": (z_mean, z_log_var), "conv": ...})  # doctest: +SKIP

``explorer.py`` puts the controls together and is where to start reading; ``decoding.py``
turns latent points into pixels, ``posterior.py`` says what an encoder makes of images,
``stage.py`` with ``stage.js`` draws the map and the decoded image in the browser, and
``pictures.py`` makes everything that is still a picture or a table.
"""

from vaelab.explorer.explorer import LatentExplorer

__all__ = ["LatentExplorer"]
