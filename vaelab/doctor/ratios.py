"""From the weights of both terms to the effective beta, and to what was averaged that should add up."""

import numpy as np

from vaelab.checks.judge import recognise
from vaelab.checks.judge.catalogue import BY_ID
from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import FAULT, NOTE, WARNING
from vaelab.doctor.weigh import Divergence, OfSigmoid, Reconstruction

#: A beta above which nothing is left of the code: a warning even where the weight was chosen.
TOO_MUCH = 10.0
_KINDS = {"ok": "Bernoulli", "mse": "Gaussian", "mae": "Laplace (L1)"}


def _near(a, b, by=0.01):
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
            if _near(weight, factor * coefficient):
                return words, coefficient
    return (None, weight) if gaussian else (None, 1.0)


def odd(e: Examination, rec: Reconstruction) -> bool:
    """Whether no way to reduce pixels gives the weight of the reconstruction."""
    weight = rec.fit.weight / e.parts.count**rec.batch_power
    return reduction(e, weight, rec.formula.formula == "mse")[0] is None


def kind(e: Examination, rec: Reconstruction) -> None:
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
    if words is None and f.formula == "ok" and _near(weight, fixed) and e.parts.feed.pixels != 784:
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


# --- beta -------------------------------------------------------------------------------


def relative_weight(e: Examination, rec: Reconstruction | None, div: Divergence) -> float:
    """The weight of the KL relative to a reconstruction summed over pixels, for one image; alone, if that is not known."""
    count = e.parts.count
    b = div.fit.weight / count**div.batch_power
    if rec is None:
        return float(b)
    a = rec.fit.weight / count**rec.batch_power
    return float(b * reduction(e, a, rec.formula.formula == "mse")[1] / a)


def _times(value, rec, div):
    """The weight in words: where the terms are reduced differently over images, it depends on how many there are."""
    power = div.batch_power - rec.batch_power
    if power == 0:
        return f"{value:.4g} times"
    grows = "divided by" if power < 0 else "times"
    square = "" if abs(power) == 1 else f" to the power {abs(power)}"
    return f"{value:.4g} {grows} the number of images in a batch{square} ({value * 32.0**power:.4g} for 32) times"


def beta(e: Examination, rec: Reconstruction | None, div: Divergence) -> None:
    """The effective beta, and what explains it where it is neither 1 nor what was chosen."""
    count, held = e.parts.count, div.held
    value = relative_weight(e, rec, div)
    words = None
    if rec is not None:
        words, _ = reduction(e, rec.fit.weight / count**rec.batch_power, rec.formula.formula == "mse")
        e.report.numbers["effective_beta"] = value if rec.batch_power == div.batch_power else None
        said = _times(value, rec, div).removesuffix(" times")
        e.saw("effective beta", f"{said}: the weight of the KL relative to a reconstruction summed over pixels")
        _batches(e, rec, div)
    elif abs(value) >= 1e-6:
        e.saw("KL", f"weighs {value:.4g}{_images(div)} in the loss, summed over dimensions")
        e.skip("effective beta", "the reconstruction is not known, which the weight of the KL is relative to")
    if held is not None:
        e.report.numbers["kl_weight"] = held.name
        e.saw(
            "weight of the KL", f"follows {held.name}" + (f", {held.value:.4g} now" if np.isfinite(held.value) else "")
        )
    for mistake in div.mistakes:
        _formula(e, mistake)
    if abs(value) < 1e-6:
        _no_kl(e, held)
    elif value < 0 and "kl.sign" not in div.mistakes:
        said = f"the KL has the weight {value:.4g}"
        e.found(FAULT, "kl.sign", said, "a KL that is a cost: a positive weight")
    elif rec is not None:
        _explain(e, words, rec, div)


def _formula(e, mistake):
    severity = NOTE if mistake == "kl.one_sample" else FAULT
    expected = (
        "nothing else; the exact formula for two Gaussians has less noise"
        if severity == NOTE
        else "a KL of the Gaussian that z is drawn from: both read the encoder's outputs in the same way"
    )
    said = f"the loss, as a function of z_mean and z_log_var, fits: {BY_ID[mistake].formula}"
    e.found(severity, mistake, said, expected)


def _images(term):
    """How a weight grows with the number of images, in words."""
    return {0: "", 1: " times the number of images"}.get(
        term.batch_power, f" times the number of images to the power {term.batch_power}"
    )


def _batches(e, rec, div):
    if rec.batch_power == div.batch_power:
        if rec.batch_power == 1:
            said = "the loss is the sum over the images of a batch"
            e.found(
                NOTE,
                None,
                said,
                "nothing else; the learning rate means something else for other batches",
                name="sum over images",
            )
        return
    powers = {-1: "divided once more by", 1: "multiplied by", 2: "multiplied by the square of"}
    if div.batch_power:
        said = f"the KL is {powers.get(div.batch_power, 'scaled by a power of')} the number of images, the reconstruction is not"
        mistake = "kl.sum_over_batch" if div.batch_power > 0 else "kl.batch_average"
        e.found(FAULT, mistake, said, "both averaged over images, or both summed")
    else:
        said = "the reconstruction changes with the number of images, the KL does not"
        e.found(FAULT, "loss.sum_over_batch", said, "both averaged over images, or both summed")


def _no_kl(e, held):
    e.report.numbers["effective_beta"] = 0.0
    if held is not None:
        said = f"the KL has the weight 0 now; {held.name} switches it on"
        e.found(NOTE, None, said, "the same, while a schedule warms up", name="a weight that is 0 now")
        return
    said = "with the reconstruction held fixed, the loss does not change with z_mean and z_log_var"
    e.found(FAULT, "loss.kl_left_out", said, "a loss that grows with the KL")


def _explain(e, words, rec, div):
    """Name what makes beta what it is, if it is not 1 and not what somebody chose."""
    value, held = relative_weight(e, rec, div), div.held
    weight = held.value if held is not None and held.value else 1.0
    chosen = held is not None and np.isfinite(held.value) and not _near(weight, 1.0)
    # A reconstruction of a weight that nothing explains says nothing about the KL: what is known is the KL's own weight.
    ratio = value if words is not None else div.fit.weight / e.parts.count**div.batch_power
    ratio = ratio / weight if np.isfinite(weight) else ratio
    known = _known(e, words)
    ids = next((ids for factor, ids in known if _near(ratio, factor, 0.015)), None)
    said = f"the KL weighs {_times(value, rec, div)} what it weighs in the negative ELBO"
    for number in (held if chosen else None, rec.held):
        if number is not None:
            said += f", for {number.name} = {number.value:.4g}"
    if ids == []:
        if not _near(value, 1.0):
            e.found(NOTE, None, said, "the same, if this beta is meant", name=f"beta = {value:.4g}")
        return
    averaged = words is not None and words != "summed over pixels"
    if ids and averaged and chosen and value <= TOO_MUCH and _rescaled(e, words, ratio):
        e.found(
            NOTE,
            None,
            said + f"; the reconstruction is {words}",
            "the same, if this beta is meant",
            name=f"beta = {value:.4g}",
        )
        return
    if not ids:
        severity = WARNING if value > TOO_MUCH and (averaged or not chosen) else NOTE
        mistake = "loss.averaged" if averaged and value > TOO_MUCH else None
        e.found(
            severity, mistake, said, "1, unless another beta is meant", name=None if mistake else f"beta = {value:.4g}"
        )
        return
    named = any(mistake.startswith("loss.") for mistake in ids)  # else the KL alone is off, and may be meant so
    severity = FAULT if averaged and named or chosen or value > TOO_MUCH else WARNING
    for mistake in ids:
        e.found(severity, mistake, said, f"{weight:.4g}: a sum over pixels and over dimensions, a mean over images")


def _rescaled(e, words, ratio):
    """Is the weight that was chosen one for an averaged reconstruction, with nothing else averaged?"""
    return _near(ratio * averages(e)[words], 1.0, 0.015)


def _known(e, words):
    """``(ratio, ids)``: what beta is relative to the chosen weight if a term is not reduced as it should be."""
    size, gaussian = e.parts.size, e.report.numbers.get("reconstruction") == "Gaussian"
    pixel = "loss.mse_mean" if gaussian else "loss.pixel_mean"
    found = [(1.0, []), (2.0, ["kl.no_half"])]
    if size > 1:
        found += [(1 / size, ["kl.mean_over_dims"])] + (
            [(2 / size, ["kl.no_half", "kl.mean_over_dims"])] if size > 2 else []
        )
    factor = averages(e).get(words, 1.0)
    if factor != 1.0:
        name = pixel if words == "averaged over pixels" else "loss.wrong_axis"
        found += [(ratio / factor, [name, *ids]) for ratio, ids in found]
    return found
