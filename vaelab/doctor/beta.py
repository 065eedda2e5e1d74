"""The effective beta: the weight of the KL relative to the reconstruction, and what explains it."""

import numpy as np

from vaelab.checks.judge.catalogue import BY_ID
from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import FAULT, NOTE, WARNING
from vaelab.doctor.reconstruction import averages, near, reduction
from vaelab.doctor.weigh import Divergence, Reconstruction

#: A beta above which nothing is left of the code: a warning even where the weight was chosen.
TOO_MUCH = 10.0


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


def effective_beta(e: Examination, rec: Reconstruction | None, div: Divergence) -> None:
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
    chosen = held is not None and np.isfinite(held.value) and not near(weight, 1.0)
    # A reconstruction of a weight that nothing explains says nothing about the KL: what is known is the KL's own weight.
    ratio = value if words is not None else div.fit.weight / e.parts.count**div.batch_power
    ratio = ratio / weight if np.isfinite(weight) else ratio
    known = _known(e, words)
    ids = next((ids for factor, ids in known if near(ratio, factor, 0.015)), None)
    said = f"the KL weighs {_times(value, rec, div)} what it weighs in the negative ELBO"
    for number in (held if chosen else None, rec.held):
        if number is not None:
            said += f", for {number.name} = {number.value:.4g}"
    if ids == []:
        if not near(value, 1.0):
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
    return near(ratio * averages(e)[words], 1.0, 0.015)


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
