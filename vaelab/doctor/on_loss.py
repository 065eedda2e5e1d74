"""The section on the loss: what the reconstruction and the KL are, what they weigh, and whether reported numbers agree."""

import numpy as np

from vaelab.checks.judge import oracles
from vaelab.doctor import held
from vaelab.doctor.beta import effective_beta, relative_weight
from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import FAULT, NOTE, WARNING
from vaelab.doctor.reconstruction import describe, odd
from vaelab.doctor.step import StepError
from vaelab.doctor.weigh import SCALES, Divergence, Fit, Reconstruction, Weigher, fit


def loss(e: Examination) -> None:
    """Both terms, and the effective beta."""
    if e.weigher is None:
        e.skip(
            "loss",
            "the parameters of q(z|x) or the reconstruction were not found, so that the terms of the loss cannot be separated",
        )
    if e.parts.x_decoded is None:
        return
    weigher = e.weigher or Weigher(e.parts)
    small = _smaller(e)
    reconstruction = _reconstruction(e, weigher, small)
    if reconstruction is not None and odd(e, reconstruction):
        reconstruction = reconstruction._replace(held=_reconstruction_held(e, weigher, reconstruction))
    if reconstruction is None:
        e.skip(
            "reconstruction", "none of the formulas that are known fits the loss as a function of the decoder's output"
        )
    else:
        describe(e, reconstruction)
    if e.weigher is None and e.parts.noisy and e.parts.has_term_on_the_code() is False:
        said = (
            "with the reconstruction held fixed, the loss does not change with anything that the code is computed from"
        )
        e.found(FAULT, "loss.kl_left_out", said, "a loss that grows with the KL")
    divergence = _divergence(e, weigher, small) if e.weigher is not None else None
    e.terms = (reconstruction, divergence)
    if divergence is None:
        return
    if abs(relative_weight(e, reconstruction, divergence) - 1) >= 0.01:
        divergence = divergence._replace(held=_weight_held(e, weigher, divergence))
        e.terms = (reconstruction, divergence)
    effective_beta(e, reconstruction, divergence)


def _smaller(e):
    try:
        small = Weigher(e.second)
    except StepError:
        return None
    small.second = e.weigher.second if e.weigher else small.second
    return small


def _targets(weigher):
    p = weigher.parts
    found = {"images": np.asarray(p.images, "float64").reshape(p.count, -1)}
    if p.beside is not None and p.beside.size == p.images.size:
        found["what is beside them"] = np.asarray(p.beside, "float64").reshape(p.count, -1)
    return found


def _reconstruction(e, weigher, small):
    got = weigher.formula(weigher.reconstructions(), _targets(weigher))
    if got is None:
        return None
    formula, target, fitted = got
    power = 0
    if small is not None:
        draws, x = small.reconstructions(2), _targets(small)[target]
        power = _power(fitted, weigher, small, [formula.of(x, {"ok": p}) for p in draws.values], draws.losses)
    return Reconstruction(formula, target, fitted, power)


def _reconstruction_held(e, weigher, rec):
    """The number that the model holds as the weight of the reconstruction, if there is one."""
    x = _targets(weigher)[rec.target]
    pair = [weigher.x_fixed, 1 - weigher.x_fixed]
    a, b = (rec.formula.of(x, {"ok": p}) for p in pair)
    posterior = weigher.posterior(0.5, 1.0) if e.weigher else (None, None)

    def weight():
        first, second = (weigher.at(1, *posterior, p).loss for p in pair)
        return (first - second) / (a - b)

    return held.weighing(e.steps, weight)


def _power(fitted, weigher, small, values, losses):
    """The power of the number of images that a weight grows with."""
    other = fit(values, losses)
    ratio = other.weight / fitted.weight if fitted.weight else 0
    if ratio <= 0:
        return 0
    return round(np.log(ratio) / np.log(small.parts.count / weigher.parts.count))


def _draw(weigher, **kwargs):
    return weigher.divergences(2.6, 3.6, **kwargs)


def _divergence(e, weigher, small):
    """The term of z_mean and z_log_var; None where it is none that is known, which the report then says."""
    draws = _draw(weigher)
    if weigher.flat(draws):
        return Divergence([], "exp(v / 2)", Fit(0.0, 0.0, 0.0), 0)
    got = _read(e, weigher, draws)
    if got is None and weigher.goes_around():
        e.skip(
            "KL",
            "the loss depends on z past this reconstruction, as with a decoder of several outputs or a term on z: no weight "
            "of a KL can be told",
        )
        return None
    if got is None:
        e.found(
            WARNING,
            None,
            "as a function of z_mean and z_log_var, the loss fits neither the KL to N(0, I) nor a wrong form of it that is known",
            "a weight times KL(q(z|x) || N(0, I)), unless another prior or another regulariser is meant",
            name="a term that is not the KL to N(0, I)",
        )
        return None
    (mistakes, fitted, formula), reading = got
    power = 0
    if small is not None:
        few = _draw(small, cases=2)
        power = _power(fitted, weigher, small, formula(few), few.losses)
    if not mistakes and weigher.floor(SCALES[reading], fitted.weight, draws):
        e.found(
            NOTE,
            "kl.floor",
            "near the prior the loss is higher than the KL makes it: a floor, as of free bits",
            "nothing else, if free bits are meant; reported numbers are then above the negative ELBO",
        )
    return Divergence(mistakes, reading, fitted, power)


def _read(e, weigher, draws):
    """``(term, reading)``: first as q(z|x) is sampled, then as a log variance, then as a wrong formula; None if none fits."""
    sampled = e.scale if e.scale not in (None, "1") else "exp(v / 2)"
    term = weigher.kl(draws, SCALES[sampled])
    if term is not None:
        return term._replace(mistakes=["sampling.unscaled"]) if e.scale == "1" else term, sampled
    if sampled != "exp(v / 2)":
        term = weigher.kl(draws, SCALES["exp(v / 2)"])
        if term is not None:
            wrong = {"exp(v)": "sampling.variance_as_std", "v": "sampling.log_var_as_std"}
            return term._replace(mistakes=[wrong.get(sampled, "kl.log_var_part")]), "exp(v / 2)"
    term = weigher.wrong_kl(draws)
    return None if term is None else (term, "exp(v / 2)")


def _weight_held(e, weigher, divergence):
    """The number that the model holds as the weight of the KL, if there is one."""
    draws = _draw(weigher, cases=2)
    pair = [draws.values[i] for i in (0, 1)]

    def value(m, v):
        return float(oracles.kl(m, SCALES[divergence.reading](v)).mean())

    change = value(*pair[0]) - value(*pair[1])

    def weight():
        a, b = (weigher.at(1, m, v, weigher.x_fixed).loss for m, v in pair)
        return (a - b) / change

    found = held.weighing(e.steps, weight)
    if found is None and held.scheduled(e.model, weight):
        return held.Held("the optimiser's iterations", float("nan"), float("nan"))
    return found
