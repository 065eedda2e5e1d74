"""A small explorer, with images of two classes and their posterior."""

import numpy as np
import pytest
from small_explorer import CLASSES, decoder_to

from vaelab.explorer import LatentExplorer


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(size=(30, 8, 8)).astype("float32")


@pytest.fixture
def labels():
    return np.arange(30) % 2


@pytest.fixture
def posterior():
    rng = np.random.default_rng(1)
    return rng.normal(size=(30, 2)), rng.normal(-3, 0.3, size=(30, 2))


@pytest.fixture
def explorer(images, labels, posterior):
    return LatentExplorer(
        decoder_to(64),
        images=images,
        labels=labels,
        posterior=posterior,
        train_images=images[::-1],
        class_names=CLASSES,
    )
