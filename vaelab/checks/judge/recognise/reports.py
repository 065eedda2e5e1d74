"""From the reconstruction and the loss that a model reports to the mistakes that explain them."""

import numpy as np

from vaelab.checks.judge.recognise.close import close
from vaelab.checks.judge.recognise.kl_terms import floor_each
from vaelab.checks.judge.wrong_reconstruction import DOUBLE_REC, SINGLE_REC, Rec

_REC_IDS = {
    ("z", "mean"): "sampling.z_mean",
    ("target", "by255"): "loss.scaled_images",
    ("target", "times255"): "loss.scaled_images",
    ("target", "symmetric"): "loss.symmetric_images",
    ("target", "binary"): "loss.binarised",
    ("target", "round"): "loss.binarised",
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


def rec_ids(candidate: Rec) -> list[str]:
    """Ids of the mistakes in one way to write the reconstruction term; none if it is right."""
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

    simple = next((rec_ids(candidate) for candidate in SINGLE_REC if fits(candidate)), [])
    if not simple and len(cases) > 1:
        ratios = np.array([got / right for (*_, got), right in zip(cases, rights)])
        same = close(ratios, np.full_like(ratios, ratios.mean()))
        # Nearer to 1, a number that is added to the probabilities looks like a factor too.
        simple = ["loss.factor"] if same and abs(ratios.mean() - 1) > 0.02 else []
    return simple or next((rec_ids(candidate)[:2] for candidate in DOUBLE_REC if fits(candidate)), [])


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
    if len(cases) > 1 and floor_each([(*networks.encode(x), r) for (networks, x, _), r in zip(cases, rest)]):
        return "kl.floor_each"
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
