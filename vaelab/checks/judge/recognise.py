"""From a student's numbers to the mistakes that explain them."""

import numpy as np
from numpy.typing import ArrayLike

from vaelab.checks.judge.oracles import BRACKETS, DOUBLE_KL, DOUBLE_REC, SINGLE_KL, SINGLE_REC, Networks, kl

#: Which catalogue entries an option of `oracles.Kl` stands for.
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


def _kl_ids(candidate):
    fields = {field: option for field, option in candidate._asdict().items() if option != "ok"}
    if fields.get("constant") == "none" and len(fields) == 1:
        return ["kl.softplus_or_constant"]
    ids = [_KL_IDS.get((field, option), _KL_FIELDS[field]) for field, option in fields.items()]
    if fields.get("scale") == "negative_no_half":
        ids.append("kl.no_half")
    return list(dict.fromkeys(i for i in ids if i))


def close(got: ArrayLike, expected: ArrayLike, rtol: float = 2e-4) -> bool:
    """Same shape and the same numbers, up to float32 rounding."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape or not np.isfinite(expected).all():
        return False
    return bool(np.allclose(got, expected, rtol=rtol, atol=rtol * max(1e-3, np.abs(expected).mean())))


def _one(fits):
    """Ids of the first candidate with one mistake for which `fits` holds; or []."""
    return next((_kl_ids(candidate) for candidate in SINGLE_KL if fits(candidate)), [])


def _two(fits):
    """Ids of the most likely candidate with two mistakes for which `fits` holds; or []."""
    found = [_kl_ids(candidate) for candidate in DOUBLE_KL if fits(candidate)]
    found.sort(key=lambda ids: (-sum(i in _COMMON for i in ids), len(ids)))
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


# --- numbers reported by a model --------------------------------------------------------

_REC_IDS = {
    ("z", "mean"): "sampling.z_mean",
    ("target", "by255"): "loss.scaled_images",
    ("target", "times255"): "loss.scaled_images",
    ("target", "symmetric"): "loss.symmetric_images",
    ("prediction", "sigmoid"): "loss.sigmoid_twice",
    ("prediction", "logits"): "loss.logits_as_probabilities",
    ("prediction", "tanh"): "loss.symmetric_images",
    ("prediction", "symmetric"): "loss.symmetric_images",
    ("formula", "mse"): "loss.mse_sum",
    ("formula", "half_mse"): "loss.mse_sum",
    ("formula", "gaussian"): "loss.gaussian",
    ("formula", "swapped"): "loss.swapped",
    ("formula", "ones_only"): "loss.half_formula",
    ("formula", "zeros_only"): "loss.half_formula",
    ("reduce", "pixel_mean"): "loss.pixel_mean",
    ("reduce", "sum_all"): "loss.sum_over_batch",
    ("reduce", "mean784"): "loss.fixed_size",
    ("reduce", "mean28"): "loss.wrong_axis",
    ("reduce", "rows"): "loss.wrong_axis",
    ("reduce", "columns"): "loss.wrong_axis",
    ("reduce", "negative"): "loss.sign",
    ("reduce", "by255"): "loss.factor",
    ("reduce", "zero"): "loss.not_tracked",
}
_REC_FIELDS = {
    "z": "sampling.z_mean",
    "target": "loss.other_formula",
    "prediction": "loss.other_formula",
    "formula": "loss.other_formula",
    "reduce": "loss.factor",
}


def _rec_ids(candidate):
    fields = {field: option for field, option in candidate._asdict().items() if option != "ok"}
    if fields.get("formula") in ("mse", "half_mse") and fields.get("reduce") == "pixel_mean":
        return ["loss.mse_mean"]
    if fields.get("reduce") == "negative_mean":
        return ["loss.sign", "loss.pixel_mean"]
    return [_REC_IDS.get(pair, _REC_FIELDS[pair[0]]) for pair in fields.items()]


def reconstruction(cases: list[tuple]) -> list[str]:
    """Ids that explain ``[(networks, x, got), ...]``, each `got` a number; or []."""

    decoded = [networks.decoded(x) for networks, x, _ in cases]
    rights = [networks.parts(x)[0] for networks, x, _ in cases]

    def explains(candidate, numbers):
        return all(close(number, candidate.of(x, p)) for (_, x, _), p, number in zip(cases, decoded, numbers))

    def fits(candidate):
        # For images of some sizes, a wrong formula gives the right number: it explains nothing there.
        return explains(candidate, [got for *_, got in cases]) and not explains(candidate, rights)

    simple = next((_rec_ids(candidate) for candidate in SINGLE_REC if fits(candidate)), [])
    if not simple and len(cases) > 1:
        ratios = np.array([got / right for (*_, got), right in zip(cases, rights)])
        simple = ["loss.factor"] if close(ratios, np.full_like(ratios, ratios.mean())) else []
    return simple or next((_rec_ids(candidate)[:2] for candidate in DOUBLE_REC if fits(candidate)), [])


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
    ids = _one(fits) or _constant([(m.shape[1], np.mean(kl(m, v)), got) for m, v, got in encoded]) or _two(fits)
    # A total can have lost its axis or have been added up later, by a tracker for instance: the number is the same.
    return ["loss.sum_over_batch" if i == "kl.no_axis" else i for i in ids]


def loss(cases: list[tuple], batch: int, size: int) -> str | None:
    """The id that explains ``[(networks, x, got), ...]``, each `got` a wrong loss of right parts; or None."""
    parts = np.array([networks.parts(x) for networks, x, _ in cases])
    losses = np.array([got for *_, got in cases])
    pixels = cases[0][1][0].size
    for (a, b), name in _weights(batch, pixels, size):
        if close(parts @ (a, b), losses, rtol=5e-5):
            return name
    rest = losses - parts[:, 0]
    if (rest > 1.01 * parts[:, 1]).any() and close(rest, np.maximum(parts[:, 1], rest.min()), rtol=1e-3):
        return "kl.floor"
    fitted = weights(cases)
    return None if fitted is None else weights_id(*fitted, batch, pixels, size)


def weights(cases: list[tuple]) -> tuple[float, float] | None:
    """``(a, b)`` if every `got` of ``[(networks, x, got), ...]`` is a * reconstruction + b * kl; else None."""
    parts = np.array([networks.parts(x) for networks, x, _ in cases])
    losses = np.array([got for *_, got in cases])
    if len(cases) < 3:
        return None  # two numbers are fitted by any two weights
    fitted, *_ = np.linalg.lstsq(parts, losses, rcond=None)
    return tuple(fitted) if close(parts @ fitted, losses, rtol=5e-5) else None


def pixel_mean_id(a: float, b: float, pixels: int) -> str:
    """The id of a cross-entropy averaged over pixels, by the weights `a` of the reconstruction and `b` of the KL in the loss."""
    if abs(b - 1) < 0.02:
        return "loss.pixel_mean"
    return "loss.per_pixel" if abs(b / a - 1) < 0.02 else "loss.averaged"


def _weights(batch, pixels, size):
    """``((a, b), id)``: known ways to weigh reconstruction and KL where both are right by themselves."""
    return [
        ((1, 0), "loss.kl_left_out"),
        ((1, -1), "loss.kl_sign"),
        ((1, -2), "loss.kl_sign"),
        ((1, 1 / size), "kl.mean_over_dims"),
        ((1, 1 / batch), "kl.batch_average"),
        ((1 / pixels, 1), "loss.pixel_mean"),
        ((1 / pixels, 1 / pixels), "loss.per_pixel"),
        *[((a, b), "loss.sum_over_batch") for a, b in ((1, batch), (batch, 1), (batch, batch))],
        *[((a, b), "loss.added_twice") for a, b in ((1, 2), (2, 1), (2, 2))],
        ((-1, 1), "loss.sign"),
        ((-1, -1), "loss.sign"),
        *([((784 / pixels, 1), "loss.fixed_size")] if pixels != 784 else []),
    ]


def weights_id(a: float, b: float, batch: int, pixels: int, size: int) -> str | None:
    """The id that weights `a` of the reconstruction and `b` of the KL point to; None for another factor of both."""

    def near(x, y):
        return abs(x - y) < 2e-3 * abs(y) + 1e-3 * (y == 0)

    return next(
        (name for (x, y), name in _weights(batch, pixels, size) if near(a, x) and near(b, y)),
        None if near(a, b) else "loss.weighted",
    )


def sampling(networks: Networks, x: np.ndarray, heard: np.ndarray) -> list[str]:
    """Ids of what fits the values that reached the decoder in several calls; or [].

    Parameters
    ----------
    networks : oracles.Networks
    x : array, ``(repeats, images, ...)``
        The same images again and again, so that noise can be told from what depends on
        the image.
    heard : array, ``(calls, repeats, images, latent_dim)``

    What holds exactly is looked for first; a statistic decides only where one scale of
    the noise fits and every other one is far off.
    """
    m, v = (part.reshape(*x.shape[:2], -1) for part in networks.encode(x.reshape(-1, *x.shape[2:])))
    if heard.ndim != 4 or heard.shape[1:] != m.shape or not np.isfinite(heard).all():
        return []
    rest = heard - m
    size = np.abs(rest).mean()
    if size < 1e-4:
        return ["sampling.z_mean"]
    scales = {
        None: np.exp(0.5 * v),
        "sampling.variance_as_std": np.exp(v),
        "sampling.log_var_as_std": v,
        "sampling.unscaled": np.ones_like(v),
    }

    def exact(a, b):
        return bool(np.abs(a - b).max() < 1e-3 * size)

    def shared(scale, axes):
        """Is `rest` the scale times something that is the same along `axes`?"""
        factor = (rest * scale).mean(axes, keepdims=True) / (scale**2 * np.ones_like(rest)).mean(axes, keepdims=True)
        return exact(rest, scale * factor)

    if exact(heard, heard[:1, :1]):  # not random: a function of the image
        if any(exact(heard[0], z) for z in _misled(networks, m, v)):
            return ["sampling.arguments"]
        return next(
            (_ids("sampling.constant_noise", name) for name, scale in scales.items() if shared(scale, (0, 1, 2, 3))), []
        )
    again = "sampling.constant" if exact(heard, heard[:1]) else None
    for axes, mistake in (((1, 2), "sampling.shared_by_batch"), ((3,), "sampling.shared_by_dimensions")):
        if m.shape[-1] > 1 or mistake == "sampling.shared_by_batch":
            for name, scale in scales.items():
                if shared(scale, axes):
                    return _ids(mistake, name or again)
    if again:
        return [again]
    name = _scale(rest, scales)
    if name:
        return [name]
    noise = rest / scales[None]
    if name is None and abs(((noise - noise.mean()) ** 4).mean() / noise.var() ** 2 - 1.8) < 0.1:  # a Gaussian's is 3
        return ["sampling.uniform"]
    return ["sampling.not_the_layer"]  # the layer of the checks is not random


def _ids(*ids):
    return [i for i in ids if i]


def _misled(networks, m, v):
    """What the sampling layer returns for arguments that it should not get."""
    for first, second in ((v, m), (m, np.exp(v)), (m, np.exp(v / 2)), (m, v / 2), (m, 2 * v), (m, -v), (m, m), (v, v)):
        with np.errstate(over="ignore"):
            yield networks.sample(first, second)


def _scale(rest, scales):
    """The name of the only scale that the size of the noise is proportional to; "" if none stands out.

    The mean of log |noise| should differ from cell to cell (an image and a dimension) by
    no more than chance; the ratio of both variances is near 1 for the right scale,
    whatever the distribution of the noise, and tens to hundreds for a wrong one.
    """
    logs = np.log(np.abs(rest) + 1e-12)
    within = logs.var((0, 1)).mean()
    count = rest.shape[0] * rest.shape[1]
    ratios = {
        name: count * (logs.mean((0, 1)) - np.log(np.abs(scale[0]) + 1e-12)).var() / max(within, 1e-6)
        for name, scale in scales.items()
    }
    best, second = sorted(ratios, key=ratios.get)[:2]
    return best if ratios[best] < 3 and ratios[second] > 9 else ""
