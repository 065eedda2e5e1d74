"""The sections on images: validation images in the training set, landmarks, and the exact evidence."""

import numpy as np

from vaelab import evidence as exact
from vaelab.checks.judge import oracles
from vaelab.checks.judge.wrong_reconstruction import Rec
from vaelab.doctor import images
from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import FAULT, NOTE, WARNING
from vaelab.doctor.weigh import SCALES
from vaelab.metrics import EPSILON

#: Images for the exact evidence: each takes a few milliseconds.
IMAGES = 8


def validation(e: Examination) -> None:
    """Whether images to validate with are among those to train with."""
    if e.validation is None:
        e.skip("validation images", "none were passed. Pass them as validation=")
        return
    count = images.common(e.given.images, e.validation)
    e.saw("validation images", f"{count} of {len(e.validation)} are among the {len(e.given.images)} training images")
    if count > max(2, 0.01 * len(e.validation)):  # data sets hold a few images twice
        said = f"{count} of {len(e.validation)} validation images are among the training images"
        e.found(FAULT, None, said, "images that training never saw", name="validation on training images (item 39)")


def _bernoulli(e):
    """The reconstruction's formula, if it is a Bernoulli cross-entropy of images in [0, 1]; else None."""
    x, rec = e.given.images, e.terms[0]
    right = rec is not None and rec.formula.formula == rec.formula.target == "ok" and x.min() >= 0 and x.max() <= 1
    return rec.formula if right else None


def landmarks(e: Examination) -> None:
    """What a collapsed model and a perfect one would get on these images."""
    if _bernoulli(e) is None:
        e.skip("landmarks", "they are cross-entropies of images in [0, 1]; this loss is not known to be one")
        return
    x = np.asarray(e.given.images, "float64").reshape(len(e.given.images), -1)
    if len(x) < 50:
        e.skip("landmarks", f"{len(x)} images are too few for the mean of each pixel; pass 50 or more")
        return
    marks = images.landmarks(x[:2000])
    e.report.numbers["pixel_mean"], e.report.numbers["entropy_floor"] = marks
    numbers = e.report.numbers
    said = f"{marks.pixel_mean:.1f} nats per image for the mean of each pixel, {marks.floor:.1f} for perfect reconstruction"
    elbo = numbers.get("negative_elbo")
    e.saw("landmarks", said + (f"; this model {elbo:.1f}" if elbo is not None else ""))
    if elbo is None:
        return
    if numbers.get("reduction") != "summed over pixels":
        text = f"the loss is not in nats per image (its reconstruction is {numbers.get('reduction')})"
        e.found(NOTE, None, text, "the landmarks hold for sums over pixels", name="landmarks in another unit")
    elif elbo > marks.pixel_mean:
        text = f"the negative ELBO is {elbo:.1f}, the mean of each pixel gives {marks.pixel_mean:.1f}"
        e.found(NOTE, None, text, "less, once the model is trained", name="worse than the mean image")


def evidence(e: Examination) -> None:
    """The negative ELBO in nats per image; where d is 1 or 2, how far it is above -log p(x)."""
    p, formula = e.parts, _bernoulli(e)
    if e.weigher is None or formula is None or e.scale in (None, "1"):
        return
    logits = formula.prediction == "sigmoid"
    count = min(len(e.given.images), IMAGES)
    some = p.resized(count)
    x = np.asarray(some.images, "float64").reshape(count, -1)
    runs = [some.base, *(some.run(seed) for seed in (2, 3, 4))]
    decoded = [some.values(seen, p.x_decoded) for seen in runs]
    nll = np.mean([Rec(prediction="sigmoid" if logits else "ok").of(x, {"ok": _clipped(d, logits)}) for d in decoded])
    kl = oracles.kl(some.values(some.base, p.z_mean), SCALES[e.scale](some.values(some.base, p.z_log_var))).mean()
    elbo = float(nll + kl)
    e.report.numbers["negative_elbo"] = elbo
    e.saw("negative ELBO", f"{elbo:.4g} nats per image: {nll:.4g} + {kl:.4g}, on {count} images")
    if p.size > 2:
        return
    decoder = _decoder(e, logits)
    if decoder is None:
        e.skip("exact evidence", "no layer maps z to the reconstruction by itself. Pass it as decoder=")
        return
    try:
        log_p, _ = exact.Plane(decoder).log_evidence(x, tolerance=0.05)
    except exact.EvidenceError as error:
        e.skip("exact evidence", str(error))
        return
    gap = elbo + float(log_p.mean())
    e.report.numbers["evidence_gap"] = gap
    e.saw("evidence", f"-log p(x) is {-log_p.mean():.4g} nats per image: the bound is {gap:.3g} nats above it")
    if gap > 20:
        text = f"the bound is {gap:.3g} nats above the exact -log p(x)"
        e.found(WARNING if gap > 100 else NOTE, None, text, "a nat or two for a trained encoder", name="a loose bound")


def _clipped(values, logits):
    return values if logits else np.clip(values, EPSILON, 1 - EPSILON)


class _Decoder:
    """The decoder's layer, as `vaelab.evidence` calls decoders."""

    def __init__(self, layer, size, logits):
        self.layer, self.input_shape, self.logits, self.name = layer, (None, size), logits, layer.name

    def __call__(self, z, training=False):
        import tensorflow as tf

        out = tf.cast(self.layer(z, training=False), tf.float32)
        return tf.sigmoid(out) if self.logits else tf.clip_by_value(out, 0.0, 1.0)


def _decoder(e, logits):
    """The outermost layer whose only input is z and whose output is the reconstruction."""
    p = e.parts
    z, x = p.values(p.base, p.z), p.values(p.base, p.x_decoded)
    for place in {w[:2]: None for w in p.base.wires}:
        inputs = [w for w in p.base.wires if w[:3] == (*place, "in")]
        outputs = [w for w in p.base.wires if w[:3] == (*place, "out")]
        if len(inputs) == len(outputs) == 1 and _are(p.base.wires[inputs[0]], z) and _are(p.base.wires[outputs[0]], x):
            return _Decoder(e.steps.layers[place[0]], p.size, logits)
    return None


def _are(tensor, rows):
    array = np.asarray(tensor).astype("float64")
    return array.size == rows.size and array.ndim >= 2 and bool(np.allclose(array.reshape(len(rows), -1), rows))
