"""Move through a decoder's latent space by hand.

>>> from vaelab.explorer import LatentExplorer
>>> LatentExplorer(decoder)                                  # doctest: +SKIP
>>> LatentExplorer(decoder, encoder, images, labels)         # doctest: +SKIP
>>> LatentExplorer({"MLP": mlp, "conv": conv}, images=images, labels=labels,
...                posterior={"MLP": (z_mean, z_log_var), "conv": ...})  # doctest: +SKIP

``explorer.py`` is where to start reading. ``networks.py`` and ``program/`` turn decoders and encoders into programs
for the page, ``contents.py`` says what the page shows, ``page/`` shows it (plain ES modules, put together by
``bundle.py``), ``saved.py`` writes it as one file, and ``pictures.py`` makes what stands still.
"""

from vaelab.explorer.explorer import LatentExplorer

__all__ = ["LatentExplorer"]
