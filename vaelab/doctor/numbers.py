"""Whether the numbers that a training step reports are those of its loss: they should add up, and be means over batches."""

import numpy as np

from vaelab.checks.judge import oracles
from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import NOTE, WARNING
from vaelab.doctor.network import numbers
from vaelab.doctor.weigh import SCALES
from vaelab.metrics import EPSILON


def _near(a, b, by=2e-3):
    return abs(a - b) <= by * max(abs(b), 1e-6)


def compare(e: Examination) -> None:
    """Two steps with different losses, nothing reset between them: what they report, against these losses."""
    p = e.parts
    half = e.weigher is not None and e.weigher.half
    near = (lambda a, b: _near(a, b, 2e-2)) if half else _near
    rng = np.random.default_rng(1)
    put = {p.x_decoded: rng.uniform(0.01, 0.3, (p.count, p.feed.pixels))} if p.x_decoded else {}
    losses = [p.run(seed=1).loss, p.run(seed=1, replace=put).loss]
    e.model.reset_metrics()
    logs = numbers(p.steps.whole(p.data, seed=1).logs)
    again = numbers(p.steps.whole(p.data, seed=1, replace=put).logs)
    e.saw("reported numbers", ", ".join(f"{k} {v:.4g}" for k, v in logs.items()) or "none")
    if "loss" in logs:
        _total(e, logs["loss"], again["loss"], losses, near)
    _parts(e, logs, near)


def _total(e, first, second, losses, near):
    if first == 0 and second == 0 and not near(losses[0], 0):
        said = f"0 is reported as loss, the loss is {losses[0]:.4g}"
        e.found(WARNING, "loss.not_tracked", said, "a tracker that is updated in each step")
    elif not near(first, losses[0]):
        if not near(first * e.parts.count, losses[0]):
            said = f"{first:.5g} is reported as loss, and {losses[0]:.5g} is differentiated"
            e.found(WARNING, None, said, "the loss that is trained", name="reported numbers that do not add up")
    elif abs(second - losses[1]) < 0.2 * abs(losses[0] - losses[1]) and not near(*losses):
        said = f"after two batches with losses {losses[0]:.4g} and {losses[1]:.4g}, {second:.4g} is reported"
        e.found(NOTE, "loss.last_batch", said, f"{np.mean(losses):.4g}, the mean over the batches")
    elif near(second, sum(losses)) and not near(second, np.mean(losses)):
        said = f"after two batches with losses {losses[0]:.4g} and {losses[1]:.4g}, {second:.4g} is reported"
        e.found(WARNING, "loss.sum_over_batch", said, f"{np.mean(losses):.4g}, the mean over the batches")


def _parts(e, logs, near):
    """What is reported under the names of the two terms, against the terms."""
    p, terms = e.parts, e.terms
    if e.weigher is None:
        return
    rec, div = terms
    right = {}
    if rec is not None:
        x = e.weigher.x if rec.target == "images" else np.asarray(p.beside, "float64").reshape(p.count, -1)
        right["reconstruction"] = (rec.formula.of(x, {"ok": _kept_inside(rec, p)}), rec)
    if div is not None:
        kl = oracles.kl(p.values(p.base, p.z_mean), SCALES[div.reading](p.values(p.base, p.z_log_var))).mean()
        right["kl"] = (float(kl), div)
    for term, (value, fitted) in right.items():
        named = {name: number for name, number in logs.items() if _term(name) == term}
        accepted = _accepted(value, fitted, p.count)
        if not named or not np.isfinite(value) or any(near(n, v) for n in named.values() for v in accepted):
            continue  # beside the term, its parts may be reported
        if not any(named.values()) and abs(value) > 1e-3:
            said = f"{', '.join(named)} is reported as 0 and is {value:.4g}"
            e.found(WARNING, "loss.not_tracked", said, "a tracker that is updated")
        elif len(named) == 1 and not (term == "kl" and (e.has("kl.floor", "kl.one_sample") or div.mistakes)):
            (name, number), *_ = named.items()
            weight = fitted.fit.weight
            said = f"{name} is reported as {number:.5g}; the term is {value:.5g} nats per image" + (
                f", and {weight * value:.5g} in the loss" if abs(weight - 1) > 1e-3 else ""
            )
            e.found(
                WARNING if abs(number - value) > 0.01 * abs(value) + 1e-3 else NOTE,
                None,
                said,
                "the term itself, or what it adds to the loss",
                name="reported numbers that do not add up",
            )


def _term(name):
    """Which of the two terms a number is reported for, by its name; None for neither."""
    lower = name.lower()
    if "beta" in lower or "weight" in lower or "capacity" in lower:
        return None
    return "kl" if "kl" in lower else "reconstruction" if "rec" in lower or "nll" in lower or "bce" in lower else None


def _accepted(value, term, count):
    """What may be reported for a term: itself, what it adds to the loss, that for one image, and each before it is weighed."""
    weights = [1.0, term.fit.weight, term.fit.weight / count**term.batch_power]
    held = term.held.value if term.held is not None else 0
    return [value * w for w in (*weights, *(w / held for w in weights if held and np.isfinite(held)))]


def _kept_inside(rec, p):
    """The reconstruction; probabilities are kept from 0 and 1, as Keras does."""
    values = p.values(p.base, p.x_decoded)
    probabilities = rec.formula.formula not in ("mse", "mae") and rec.formula.prediction == "ok"
    return np.clip(values, EPSILON, 1 - EPSILON) if probabilities else values
