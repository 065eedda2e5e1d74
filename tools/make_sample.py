"""Make the sample of Fashion-MNIST that ships with vaelab.

    python tools/make_sample.py

needs a full copy (see ``vaelab.data.load``) and writes to ``vaelab/assets/sample/`` the four
IDX files: 1,000 training and 200 test images of each class, drawn with a fixed seed, in
the data set's own order. Prints the checksums that ``vaelab.data.SAMPLE`` holds.
"""

import gzip
import hashlib
import struct

import numpy as np

from vaelab import data, profiles

PER_CLASS = {"train": 1000, "test": 200}
SEED = 1717


def stratified(labels, per_class, rng):
    """Indices of ``per_class`` examples of each class, sorted."""
    chosen = [rng.choice(np.flatnonzero(labels == c), per_class, replace=False) for c in np.unique(labels)]
    return np.sort(np.concatenate(chosen))


def idx_bytes(array):
    """An array of unsigned bytes as an IDX file."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def main():
    full = data.load(profiles.PROFILES["full"])
    if len(full.x_train) != 60_000:
        raise SystemExit(f"The sample is drawn from the full set. {full.source}")
    rng = np.random.default_rng(SEED)
    for part, per_class in PER_CLASS.items():
        images, labels = getattr(full, f"x_{part}"), getattr(full, f"y_{part}")
        chosen = stratified(labels, per_class, rng)
        pixels = np.rint(images[chosen] * 255).astype(np.uint8)
        for key, array in ((f"x_{part}", pixels), (f"y_{part}", labels[chosen])):
            content = idx_bytes(array)
            # No name and no time in the gzip header: the same sample gives the same file.
            (data.SAMPLE_FOLDER / data.FILES[key]).write_bytes(gzip.compress(content, 9, mtime=0))
            print(f'"{key}": "{hashlib.sha256(content).hexdigest()}",')


if __name__ == "__main__":
    main()
