"""Implementations made from numbers: those that are judged, and the four models of notebook 5."""

from pathlib import Path

import numpy as np
import pytest

import vaelab
from vaelab.checks.judge import looks_healthy
from vaelab.checks.student import specimens


@pytest.mark.parametrize("case", [*looks_healthy._SHOWN, *looks_healthy._UNSEEN], ids=lambda case: case[0])
def test_an_implementation_is_the_same_function_by_numbers_that_are_drawn(case):
    rng = np.random.default_rng(3)
    words, kl, sample = case
    z_mean, z_log_var = rng.normal(size=(2, 50, 3)) * 2
    drawn = [looks_healthy._rewritten(rng, kl) for _ in range(3)]
    assert len({*drawn, kl}) == 4
    expected = np.array(specimens.Implementation(kl, sample).kl(z_mean, z_log_var))
    for numbers in drawn:
        found = np.array(specimens.Implementation(numbers, sample).kl(z_mean, z_log_var))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_two_of_the_four_models_are_right():
    rng = np.random.default_rng(4)
    z_mean, z_log_var, epsilon = rng.normal(size=(3, 20, 5))
    kl = 0.5 * np.sum(z_mean**2 + np.exp(z_log_var) - 1 - z_log_var, axis=-1)
    z = z_mean + np.exp(0.5 * z_log_var) * epsilon
    right = [
        name
        for name, model in specimens.load().items()
        if np.allclose(model.kl(z_mean, z_log_var), kl, rtol=1e-4)
        and np.allclose(model.sample(z_mean, z_log_var, epsilon), z, rtol=1e-4)
    ]
    assert right == ["A", "D"]


def test_a_grader_that_hides_the_numbers_leaves_no_model_that_is_right(tmp_path, monkeypatch, capsys):
    """As in its sandbox: all of the package is there but for the judge's half."""
    real = Path(vaelab.__file__).parent
    (tmp_path / "checks").mkdir()
    (tmp_path / "assets").symlink_to(real / "assets")
    monkeypatch.setattr(vaelab, "__file__", str(tmp_path / "__init__.py"))
    models = specimens.load()
    assert "all that they give here is nan" in capsys.readouterr().out
    assert models["D"].val_loss[-1] < models["D"].val_loss[0]
    ones = np.ones((4, 3))
    for model in models.values():
        assert np.isnan(model.kl(ones, ones)).all()
        assert np.isnan(model.sample(ones, ones, ones)).all()
