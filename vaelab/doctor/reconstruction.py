"""What the reconstruction term is, how it reduces pixels, and what is wrong with it whatever the KL weighs."""

import numpy as np

from vaelab.checks.judge import recognise
from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import FAULT, NOTE, WARNING
from vaelab.doctor.weigh import OfSigmoid, Reconstruction

_KINDS = {"ok": "Bernoulli", "mse": "Gaussian", "mae": "Laplace (L1)"}


def near(a: float, b: float, by: float = 0.01) -> bool:
    """Whether two weights agree within a share of the second."""
    return abs(a - b) <= by * abs(b)


def averages(e: Examination) -> dict[str, float]:
    """What a weight is, by what was averaged."""
    shape = e.parts.feed.form.shape
    pixels = e.parts.feed.pixels
    found = {"summed over pixels": 1.0, "averaged over pixels": 1 / pixels}
    if len(shape) >= 2:
        found["averaged over columns, summed over rows"] = 1 / shape[1]
        found["averaged over rows, summed over columns"] = 1 / shape[0]
    if len(shape) == 3 and shape[2] > 1:
        found["averaged over channels, summed over rows and columns"] = 1 / shape[2]
    side = round(pixels**0.5)
    if len(shape) == 1 and side * side == pixels:
        found["averaged over one side of the image"] = 1 / side
    return found


def reduction(e: Examination, weight: float, gaussian: bool) -> tuple[str | None, float]:
    """``(words, coefficient)``: how pixels were reduced, and the weight that is left for a sum over pixels.

    A squared error is the likelihood of a Gaussian: with the coefficient 1/2 for variance 1, with 1 for variance 1/2.
    Other coefficients of a sum are taken as they are: the variance is 1 / (2 * coefficient).
    """
    for words, factor in averages(e).items():
        for coefficient in (1.0, 0.5) if gaussian else (1.0,):
            if near(weight, factor * coefficient):
                return words, coefficient
    return (None, weight) if gaussian else (None, 1.0)


def odd(e: Examination, rec: Reconstruction) -> bool:
    """Whether no way to reduce pixels gives the weight of the reconstruction."""
    weight = rec.fit.weight / e.parts.count**rec.batch_power
    return reduction(e, weight, rec.formula.formula == "mse")[0] is None


def describe(e: Examination, rec: Reconstruction) -> None:
    """Say what the reconstruction is, and what is wrong with it whatever the KL weighs."""
    weight = rec.fit.weight / e.parts.count**rec.batch_power
    formula = rec.formula.formula
    gaussian = formula == "mse"
    words, coefficient = reduction(e, weight, gaussian)
    name = _KINDS.get(formula, f"another measure ({formula})")
    if formula == "ok" and rec.formula.prediction == "sigmoid":
        name = "Bernoulli, from logits"
    numbers = e.report.numbers
    numbers["reconstruction"] = name
    numbers["reduction"] = words or f"weight {weight:.4g} for a sum over pixels"
    if gaussian:
        numbers["sigma2"] = round(1 / (2 * coefficient), 6) if coefficient > 0 else None
        name += f" with sigma^2 = {1 / (2 * coefficient):.4g}" if coefficient > 0 else ""
    images = {0: "averaged over images", 1: "summed over images"}.get(
        rec.batch_power, f"weight ~ images^{rec.batch_power}"
    )
    e.saw("reconstruction", f"{name}, {numbers['reduction']}, {images}")
    if rec.held is not None:
        e.saw("weight of the reconstruction", f"follows {rec.held.name}, {rec.held.value:.4g} now")
    _formula_mistakes(e, rec, weight, words)
    _images_and_outputs(e, rec)


def _formula_mistakes(e, rec, weight, words):
    if weight < 0:
        e.found(
            FAULT, "loss.sign", "the loss falls when the reconstruction gets worse", "a loss that grows with the error"
        )
    f = rec.formula
    for mistake in recognise.rec_ids(f._replace(target="ok", prediction="ok")):
        severity = NOTE if f.formula in ("mse", "mae") else FAULT
        measured = {
            "mse": "the loss grows with the squared error of the reconstruction: pixels are Gaussian",
            "mae": "the loss grows with the absolute error of the reconstruction: pixels are Laplace",
        }.get(f.formula, f"the loss fits this formula and no other: {f.formula}")
        e.found(severity, mistake, measured, "-x log p - (1 - x) log(1 - p) for each pixel, where pixels are Bernoulli")
    if f.target in ("inverted", "round") or f.prediction in ("inverted", "symmetric"):
        for mistake in recognise.rec_ids(f._replace(formula="ok")):
            e.found(FAULT, mistake, f"target {f.target}, prediction {f.prediction}", "the image and its reconstruction")
    fixed = 784 / e.parts.feed.pixels
    if words is None and f.formula == "ok" and near(weight, fixed) and e.parts.feed.pixels != 784:
        e.found(
            FAULT,
            "loss.fixed_size",
            f"a mean over pixels times 784, for {e.parts.feed.pixels} pixels",
            "a sum over pixels",
        )


def _images_and_outputs(e, rec):
    """The range of the images and of the decoder's outputs, against what the formula assumes."""
    x = np.asarray(e.given.images, "float64")
    low, high = float(x.min()), float(x.max())
    f = rec.formula
    bernoulli = f.formula not in ("mse", "mae", "gaussian")
    if f.target == "by255" and high <= 1.5:
        e.found(
            FAULT, "loss.scaled_images", f"images up to {high:.3g} are divided by 255 in the loss", "targets in [0, 1]"
        )
    elif f.target == "times255":
        e.found(FAULT, "loss.scaled_images", "the images are multiplied by 255 in the loss", "targets in [0, 1]")
    elif f.target == "symmetric" and bernoulli and low >= 0:
        e.found(FAULT, "loss.symmetric_images", "targets are moved to [-1, 1] in the loss", "targets in [0, 1]")
    elif f.target == "ok" and bernoulli and (low < -1e-3 or high > 1.001):
        mistake = "loss.symmetric_images" if low < 0 else "loss.scaled_images"
        e.found(FAULT, mistake, f"images from {low:.3g} to {high:.3g} under a cross-entropy", "images in [0, 1]")
    elif f.target == "binary" and (np.minimum(x, 1 - x) > 1e-6).any():
        e.found(
            NOTE,
            None,
            "the targets are the images, rounded to 0 and 1",
            "the same, if it is meant",
            name="rounded targets",
        )
    e.saw("images", f"from {low:.3g} to {high:.3g}")
    outputs = _outputs(e)
    bottom, top = float(outputs.min()), float(outputs.max())
    e.saw("decoder's outputs", f"from {bottom:.3g} to {top:.3g} for codes of every size")
    bounded = bottom >= -1e-6 and top <= 1 + 1e-6
    if isinstance(f, OfSigmoid):
        if bernoulli and f.prediction == "sigmoid":
            said = "the decoder's outputs go through two sigmoids on their way to the cross-entropy"
            e.found(FAULT, "loss.sigmoid_twice", said, "one sigmoid: logits with from_logits, or probabilities without")
    elif bernoulli and f.prediction == "sigmoid" and bounded:
        said = f"the decoder's outputs lie in [0, 1] ({bottom:.3g} to {top:.3g}) and go through a sigmoid in the loss"
        e.found(FAULT, "loss.sigmoid_twice", said, "one sigmoid: logits with from_logits, or probabilities without")
    elif bernoulli and f.prediction == "ok" and not bounded:
        said = f"the decoder's outputs reach from {bottom:.3g} to {top:.3g} and are taken for probabilities"
        tanh = top <= 1 + 1e-6 and bottom >= -1 - 1e-6
        mistake = "loss.symmetric_images" if tanh else "loss.logits_as_probabilities"
        e.found(FAULT, mistake, said, "probabilities in [0, 1], or logits with from_logits=True")
    elif not bernoulli and f.target == "ok" and bounded and outputs.std() > 0.05 and (low < -0.01 or high > 1.01):
        said = f"the decoder's outputs lie in [0, 1], the images from {low:.3g} to {high:.3g}"
        e.found(WARNING, "loss.symmetric_images" if low < 0 else "loss.scaled_images", said, "both in the same range")


def _outputs(e):
    """What the decoder returns for codes far out, and for its own."""
    p = e.parts
    if p.z is None:
        return p.values(p.base, p.x_decoded)
    wide = np.random.default_rng(11).normal(0, 30, (p.count, p.size or 1))
    seen = p.run(replace={p.z: wide})
    values = np.concatenate([p.values(seen, p.x_decoded), p.values(p.base, p.x_decoded)])
    return values[np.isfinite(values).all(axis=1)]
