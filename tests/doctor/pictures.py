"""Images and models for the tests of the doctor."""

import importlib.util
from functools import cache
from pathlib import Path

import keras
import numpy as np
import proofs
import pytest

from vaelab import doctor

MODELS = Path(__file__).parent / "models"
#: For tests that examine models, a second or more each: `make check` leaves them out.
EXAMINES = pytest.mark.proof(about=proofs.of("vaelab", "tests/doctor"))


@cache
def style(name):
    """The module of a style: ``make(fault)``, ``FAULTS`` (by name, the id that must be named), ``BETA``.

    It may have ``step(model)`` as well, which makes the function that a training loop of its own calls.
    """
    spec = importlib.util.spec_from_file_location(f"doctor_{name}", MODELS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def images(count=64, shape=(80,)):
    """Smooth random grey images in (0, 1)."""
    rng = np.random.default_rng(2)
    basis = rng.normal(size=(4, int(np.prod(shape))))
    x = 1 / (1 + np.exp(-rng.normal(size=(count, 4)) @ basis))
    return x.reshape(count, *shape).astype("float32")


def data(module):
    """What the models of a style are fitted to."""
    x = images(shape=getattr(module, "SHAPE", (80,)))
    return (x, np.arange(len(x)) % module.LABELS) if hasattr(module, "LABELS") else x


def made(name, fault=None, **sizes):
    """A model of a style, the same each time."""
    keras.utils.set_random_seed(1)
    return style(name).make(fault, **sizes)


@cache
def examined(name, fault=None):
    """The report on a model of a style; a process examines each once."""
    model, module = made(name, fault), style(name)
    return doctor.examine(model, data(module), step=module.step(model) if hasattr(module, "step") else None)


def names(report, *severities):
    """What a report found, of these severities or of all."""
    return [f.mistake or f.name for f in report.findings if not severities or f.severity in severities]
