"""Recognisers explain numbers, whatever the sizes of the cases, and nothing by chance."""

import numpy as np
import pytest

from vaelab.checks.judge import oracles, recognise

SIZES = ((7, 3), (5, 2), (6, 5))


def cases(value, sizes=SIZES):
    rng = np.random.default_rng(8)
    drawn = [(rng.normal(size=size), rng.normal(size=size)) for size in sizes]
    return [(m, v, np.asarray(value(m, v))) for m, v in drawn]


def floored(m, v):
    return np.maximum(0.5 * (np.exp(v) + m**2 - 1 - v), 0.3).sum(-1)


def to_another_prior(m, v, mean=0.4, variance=3.0):
    return 0.5 * np.sum((np.exp(v) + (m - mean) ** 2) / variance - 1 - v + np.log(variance), axis=-1)


def of_moments(m, v):
    variance = m.var(0) + np.exp(v).mean(0)
    return 0.5 * np.sum(m.mean(0) ** 2 + variance - 1 - np.log(variance))


@pytest.mark.parametrize(
    "value, mistake",
    [(floored, "kl.floor_each"), (to_another_prior, "kl.other_prior"), (of_moments, "kl.moments")],
)
@pytest.mark.parametrize("sizes", [SIZES, SIZES[:1] * 3])
def test_a_term_is_named_by_its_numbers(value, mistake, sizes):
    assert recognise.kl_values(cases(value, sizes)) == [mistake]


@pytest.mark.parametrize(
    "value",
    [
        lambda m, v: np.cos(37 * m).sum(-1) + 2,
        lambda m, v: np.cos(37 * m).sum() + 2,
        lambda m, v: np.cos(37 * m),
        lambda m, v: np.cos(37 * m).sum(0),
        lambda m, v: np.full(len(m), np.inf),
        lambda m, v: np.cos(37 * m).sum(-1, keepdims=True),
        lambda m, v: np.zeros((0,)),
    ],
)
def test_numbers_of_any_shape_that_fit_nothing_are_not_named(value):
    assert recognise.kl_values(cases(value)) == []


def test_right_values_are_not_named():
    assert recognise.kl_values(cases(oracles.kl)) == []
