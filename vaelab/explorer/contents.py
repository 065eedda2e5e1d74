"""What the page shows, as JSON and buffers of numbers: the same for a notebook and for a saved page.

``page/contents.js`` reads it. The JSON has, for every array of numbers, ``{"buffer": n, "kind": "f4" or "u1"}``.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Points at which the page compares its decoder with Keras's before it trusts it.
_EXAMPLES = 4


@dataclass
class Buffers:
    """Collects arrays; ``add`` returns what stands for one in the JSON."""

    arrays: list = field(default_factory=list)

    def add(self, array) -> dict[str, Any]:
        array = np.ascontiguousarray(array)
        array = array if array.dtype == np.uint8 else array.astype("<f4")
        self.arrays.append(array)
        return {"buffer": len(self.arrays) - 1, "kind": "u1" if array.dtype == np.uint8 else "f4"}

    def bytes(self) -> list[bytes]:
        return [array.tobytes() for array in self.arrays]


def network(entry, inputs, buffers) -> dict[str, Any]:
    """A decoder or an encoder: its program, or why there is none; with examples if Keras is there to give them.

    Parameters
    ----------
    entry : vaelab.explorer.networks.Network
    inputs : array_like, (N, ...)
        Points or images at which to give examples.
    """
    if entry.program is None:
        return {"program": None, "why": entry.why}
    made = {"program": entry.program.header(), "numbers": buffers.add(entry.program.numbers())}
    if entry.model is not None:
        inputs = np.asarray(inputs[:_EXAMPLES], np.float32)
        outputs = [np.concatenate([part[n].ravel() for part in entry(inputs)]) for n in range(len(inputs))]
        made["examples"] = {"inputs": buffers.add(inputs.ravel()), "outputs": buffers.add(np.concatenate(outputs))}
    return made


def images(given, buffers, indices=None):
    """Images in [0, 1], as 8 bits where nothing is lost by it."""
    coarse = np.rint(given * 255)
    exact = np.abs(coarse / 255 - given).max() < 1e-6
    return {"pixels": buffers.add(coarse.astype(np.uint8) if exact else given), "indices": indices}


def header(explorer, buffers, encoders=True) -> dict[str, Any]:
    """All but the images; without encoders, if a page has no room for them."""
    decoders = explorer.decoders
    rng = np.random.default_rng(0)
    points = rng.normal(size=(_EXAMPLES, decoders[0].latent_dim))
    seen = explorer.images if explorer.images is not None else rng.uniform(size=(_EXAMPLES, *decoders[0].shape))
    entries = []
    for decoder, encoder, posterior in zip(decoders, explorer.encoders, explorer.posteriors, strict=True):
        codes = posterior and {"mean": buffers.add(posterior.z_mean), "logVar": buffers.add(posterior.z_log_var)}
        entries.append(
            {
                "name": decoder.name,
                "network": network(decoder.network, points, buffers),
                "encoder": _encoder(encoder, seen, buffers, encoders),
                "posterior": codes,
            }
        )
    return {
        "limit": explorer.limit,
        "latentDim": decoders[0].latent_dim,
        "shape": list(decoders[0].shape),
        "decoders": entries,
        "labels": None if explorer.labels is None else buffers.add(explorer.labels.astype(np.uint8)),
        "classes": explorer.classes,
        "images": None,
        "trainImages": None,
        "trainCount": 0 if explorer.train_images is None else len(explorer.train_images),
    }


def _encoder(encoder, seen, buffers, wanted):
    if encoder is None or wanted:
        return encoder and network(encoder, seen, buffers)
    return {"program": None, "why": "It is left out of this page, which would be too large with it."}


def whole(explorer) -> tuple[dict[str, Any], list[bytes]]:
    """Header and buffers for a notebook: all images, and the training images left in the kernel."""
    buffers = Buffers()
    made = header(explorer, buffers)
    if explorer.images is not None:
        made["images"] = images(explorer.images, buffers)
    return made, buffers.bytes()
