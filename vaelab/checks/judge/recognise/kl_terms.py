"""From the values of a KL term to the mistakes that explain them."""

import numpy as np

from vaelab.checks.judge.oracles import kl
from vaelab.checks.judge.recognise.close import close
from vaelab.checks.judge.wrong_kl import BRACKETS, DOUBLE_KL, SINGLE_KL, Kl

#: Which catalogue entries an option of `wrong_kl.Kl` stands for.
_KL_IDS = {
    ("log_var", "abs"): "kl.clipped_log_var",
    ("log_var", "relu"): "kl.clipped_log_var",
    ("log_var", "min0"): "kl.log_var_part",
    ("log_var", "softplus"): "kl.softplus",
    ("log_var", "double"): "kl.log_std",
    ("log_var", "halved"): "kl.std_for_variance",
    ("log_var", "exp"): "kl.log_var_part",
    ("log_var", "swapped"): "kl.swapped",
    ("log_var", "log"): "kl.log_var_as_std",
    ("log_var", "log_abs"): "kl.log_var_as_std",
    ("log_var", "log_square"): "kl.log_var_as_std",
    ("mean", "plain"): "kl.mean_not_squared",
    ("mean", "abs"): "kl.mean_not_squared",
    ("mean", "twice_plain"): "kl.mean_not_squared",
    ("mean", "twice_abs"): "kl.mean_not_squared",
    ("mean", "none"): "kl.no_mean",
    ("spread", "std"): "kl.std_for_variance",
    ("spread", "double"): "kl.log_std",
    ("spread", "raw"): "kl.raw_log_var",
    ("spread", "square"): "kl.log_var_as_std",
    ("spread", "raw_abs"): "kl.raw_log_var",
    ("spread", "abs"): "kl.clipped_log_var",
    ("spread", "relu"): "kl.clipped_log_var",
    ("spread", "softplus"): "kl.softplus_or_constant",
    ("spread", "softplus_only"): "kl.softplus",
    ("spread", "softplus_square"): "kl.softplus",
    ("spread", "none"): "kl.no_variance",
    ("entropy", "none"): "kl.no_log_var",
    ("entropy", "plus"): "kl.entropy_sign",
    ("entropy", "half"): "kl.entropy_sign",
    ("entropy", "double"): "kl.entropy_sign",
    ("entropy", "log"): "kl.log_var_as_std",
    ("entropy", "log_abs"): "kl.log_var_as_std",
    ("entropy", "log_square"): "kl.log_var_as_std",
    ("entropy", "abs"): "kl.clipped_log_var",
    ("entropy", "relu"): "kl.clipped_log_var",
    ("entropy", "softplus"): "kl.softplus",
    ("entropy", "base2"): "kl.log_base",
    ("entropy", "base10"): "kl.log_base",
    ("scale", "no_half"): "kl.no_half",
    ("scale", "negative"): "kl.sign",
    ("scale", "negative_no_half"): "kl.sign",
    ("scale", "left_out"): "kl.left_out",
    ("scale", "reversed"): "kl.reversed",
    ("scale", "discrete"): "kl.discrete",
    ("log_var", "softplus_std"): "kl.softplus_std",
    **{("scale", option): "kl.brackets" for option in BRACKETS},
    ("reduce", "mean"): "kl.mean_over_dims",
    ("reduce", "mean_keepdims"): "kl.mean_over_dims",
    ("reduce", "none"): "kl.per_dimension",
    ("reduce", "keepdims"): "kl.keepdims",
    ("reduce", "sum_axis0"): "kl.sum_over_batch",
    ("reduce", "mean_axis0"): "kl.batch_average",
    ("reduce", "batch_mean"): "kl.batch_average",
    ("reduce", "batch_mean_each"): "kl.batch_average",
    ("reduce", "over_batch"): "kl.batch_average",
    ("reduce", "first"): "kl.one_dimension",
    ("reduce", "last"): "kl.one_dimension",
    ("reduce", "max"): "kl.one_dimension",
    ("reduce", "first_two"): "kl.one_dimension",
    **{("reduce", o): "kl.no_axis" for o in ("sum_all", "mean_all", "sum_all_each", "mean_all_each")},
    **{("reduce", o): "kl.made_positive" for o in ("abs", "abs_each", "relu", "norm", "sqrt")},
}
#: For options without an entry of their own: the field that is off.
_KL_FIELDS = {
    "log_var": "kl.log_var_part",
    "mean": "kl.mean_part",
    "spread": "kl.log_var_part",
    "entropy": "kl.log_var_part",
    "constant": "kl.constant",
    "scale": "kl.factor",
    "reduce": None,
}
#: Mistakes that people make: two of these explain better than one of these and an oddity.
_COMMON = {
    f"kl.{name}"
    for name in (
        "mean_over_dims",
        "no_half",
        "sign",
        "sum_over_batch",
        "std_for_variance",
        "no_log_var",
        "mean_not_squared",
        "reversed",
        "log_std",
        "clipped_log_var",
        "softplus",
        "no_axis",
        "batch_average",
        "constant",
        "per_dimension",
    )
}


def rarity(ids: list[str]) -> tuple[int, int]:
    """Sort key of explanations: those of common mistakes first, then the shorter ones."""
    return -sum(i in _COMMON for i in ids), len(ids)


def kl_ids(candidate: Kl) -> list[str]:
    """Ids of the mistakes in one way to write the KL term; none if it is right."""
    fields = {field: option for field, option in candidate._asdict().items() if option != "ok"}
    if fields.get("constant") == "none" and len(fields) == 1:
        return ["kl.softplus_or_constant"]
    ids = [_KL_IDS.get((field, option), _KL_FIELDS[field]) for field, option in fields.items()]
    if fields.get("scale") == "negative_no_half":
        ids.append("kl.no_half")
    return list(dict.fromkeys(i for i in ids if i))


def _one(fits):
    """Ids of the first candidate with one mistake for which `fits` holds; or []."""
    return next((kl_ids(candidate) for candidate in SINGLE_KL if fits(candidate)), [])


def _two(fits):
    """Ids of the most likely candidate with two mistakes for which `fits` holds; or []."""
    found = [kl_ids(candidate) for candidate in DOUBLE_KL if fits(candidate)]
    found.sort(key=rarity)
    return found[0][:2] if found else []


def kl_values(cases: list[tuple]) -> list[str]:
    """Ids that explain ``[(z_mean, z_log_var, got), ...]``, most telling first; or []."""
    if all(close(got, kl(m, v)) for m, v, got in cases):
        return []

    def fits(candidate):
        return all(close(got, candidate.value(m, v)) for m, v, got in cases)

    return (
        _multiple(cases)
        or floor(cases)
        or _one(fits)
        or _constant([(m.shape[1], kl(m, v), got) for m, v, got in cases])
        or floor_each(cases)
        or _other_prior(cases)
        or _moments(cases)
        or _two(fits)
    )


def _multiple(cases):
    """Ids if every value is the right one times the same constant; else []."""
    if any(got.shape != (len(m),) for m, _, got in cases):
        return []
    ratios = np.concatenate([got / kl(m, v) for m, v, got in cases])
    factor, (batch, size) = float(np.median(ratios)), cases[0][0].shape
    if not close(ratios, np.full_like(ratios, factor)):
        return []
    known = {
        0: ["kl.left_out"],
        2: ["kl.no_half"],
        -1: ["kl.sign"],
        -2: ["kl.sign", "kl.no_half"],
        1 / size: ["kl.mean_over_dims"],
        2 / size: ["kl.no_half", "kl.mean_over_dims"],
        -1 / size: ["kl.mean_over_dims", "kl.sign"],
        -2 / size: ["kl.mean_over_dims", "kl.sign"],
        1 / batch: ["kl.batch_average"],
    }
    return next(
        (ids for value, ids in known.items() if abs(factor - value) < 2e-4 * max(abs(value), 0.01)), ["kl.factor"]
    )


def floor(cases: list[tuple]) -> list[str]:
    """["kl.floor"] if every value is the larger of the right one and one constant, which occurs; else []."""
    if any(got.shape != (len(m),) for m, _, got in cases):
        return []
    got, right = (np.concatenate(part) for part in zip(*((got, kl(m, v)) for m, v, got in cases)))
    low = got.min()
    return ["kl.floor"] if (right < 0.99 * low).any() and close(got, np.maximum(right, low)) else []


def floor_each(cases: list[tuple]) -> list[str]:
    """["kl.floor_each"] if each dimension adds the larger of the right value and one constant, which occurs; else [].

    `got` is a value for each image, or their mean.
    """
    terms = [Kl().terms(m, v) for m, v, _ in cases]
    gots = [np.asarray(got) for *_, got in cases]
    if any(got.shape not in ((), (len(t),)) for t, got in zip(terms, gots)):
        return []

    def raised(t, got, floor):
        totals = np.maximum(t, floor).sum(-1)
        return totals if got.shape else totals.mean()

    low, high = 0.0, 100.0
    if not np.sum(raised(terms[0], gots[0], low)) < np.sum(gots[0]) < np.sum(raised(terms[0], gots[0], high)):
        return []
    for _ in range(60):  # larger with a higher floor: halve the interval
        middle = (low + high) / 2
        low, high = (middle, high) if np.sum(raised(terms[0], gots[0], middle)) < np.sum(gots[0]) else (low, middle)
    if not all((t > low).any() and (t < 0.99 * low).any() for t in terms):
        return []
    return ["kl.floor_each"] if all(close(got, raised(t, got, low), 1e-3) for t, got in zip(terms, gots)) else []


def _other_prior(cases):
    """["kl.other_prior"] if the values are those of the divergence to one normal distribution that is not N(0, I); else []."""
    if any(got.shape != (len(m),) for m, _, got in cases):
        return []
    got = np.concatenate([got for *_, got in cases])
    basis = np.concatenate(
        [np.stack([part.sum(-1) for part in (m**2, m, np.exp(v), v, np.ones_like(m))], 1) for m, v, _ in cases]
    )
    parts, *_ = np.linalg.lstsq(basis, got, rcond=None)
    square, plain, spread, entropy, constant = parts
    if not (close(got, basis @ parts) and square > 0 and close([spread, entropy], [square, -0.5], 1e-3)):
        return []
    variance, mean = 0.5 / square, -0.5 * plain / square
    return ["kl.other_prior"] if close(constant, 0.5 * (mean**2 / variance - 1 + np.log(variance)), 5e-3) else []


def _moments(cases):
    """["kl.moments"] if there is one number, computed from means and variances over the batch; else []."""
    if any(got.shape != () or len(m) < 2 for m, _, got in cases):
        return []

    def value(m, variance):
        return 0.5 * np.sum(m.mean(0) ** 2 + variance - 1 - np.log(variance))

    def fits(variance):
        return all(close(got, value(m, variance(m, v))) for m, v, got in cases)

    own, whole = fits(lambda m, v: m.var(0)), fits(lambda m, v: m.var(0) + np.exp(v).mean(0))
    return ["kl.moments"] if own or whole else []


def _constant(cases):
    """["kl.constant"] if ``[(size, right, got), ...]`` differ by a constant, some of it perhaps for each dimension; else []."""
    if any(np.shape(got) != np.shape(right) for _, right, got in cases):
        return []
    sizes, right, got = (
        np.concatenate(part)
        for part in zip(
            *((np.full(np.size(right), size), np.ravel(right), np.ravel(got)) for size, right, got in cases)
        )
    )
    basis = np.stack([np.ones_like(sizes), sizes], 1)
    parts, *_ = np.linalg.lstsq(basis, got - right, rcond=None)
    return ["kl.constant"] if close(got, right + basis @ parts) else []


_SCALAR = {"ok": "batch_mean", "mean": "mean_all", "mean_keepdims": "mean_all"}


def kl_number(cases: list[tuple]) -> list[str]:
    """Ids that explain ``[(networks, x, got), ...]``, where `got` is a model's kl."""
    encoded = [(*networks.encode(x), got) for networks, x, got in cases]

    def fits(candidate):
        if candidate.reduce == "batch_mean":
            return False  # for a model this is right
        scalar = candidate._replace(reduce=_SCALAR.get(candidate.reduce, candidate.reduce))
        return all(close(got, np.mean(scalar.value(m, v))) for m, v, got in encoded)

    if len(cases) > 1 and all(close(got, networks.one_sample_kl(x)) for networks, x, got in cases):
        return ["kl.one_sample"]
    ids = (
        _one(fits)
        or _constant([(m.shape[1], np.mean(kl(m, v)), got) for m, v, got in encoded])
        or (floor_each(encoded) if len(cases) > 1 else [])
        or _two(fits)
    )
    # A total can have lost its axis or have been added up later, by a tracker for instance: the number is the same.
    return ["loss.sum_over_batch" if i == "kl.no_axis" else i for i in ids]
