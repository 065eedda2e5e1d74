"""The sections on the networks: which parts there are, what is trained, what the heads can say, which dimensions are used."""

import keras
import numpy as np

from vaelab.checks.judge import oracles
from vaelab.doctor import network
from vaelab.doctor.examination import Examination
from vaelab.doctor.findings import FAULT, NOTE, WARNING
from vaelab.doctor.step import Seen
from vaelab.doctor.weigh import SCALES, Weigher

#: Mean KL of a dimension, in nats, below which it carries nothing; standard deviation below which z is nearly a point.
COLLAPSED, POINT = 0.01, 0.01
#: Images that the latent dimensions are judged by, at most.
IMAGES = 200


def parts(e: Examination) -> None:
    """Say which tensors were found; and which parts of the model never run."""
    p = e.parts
    e.saw("fed as", f"{p.feed.form.words}, images of shape {p.feed.form.shape}")
    advice = {
        "z_mean": "Pass the layer that returns the parameters of q(z|x) as encoder=",
        "z_log_var": "Pass the layer that returns the parameters of q(z|x) as encoder=",
        "z": "Pass the layer that makes images of codes as decoder=",
        "x_decoded": "Pass the layer that makes images of codes as decoder=",
    }
    for name, how in advice.items():
        slot = getattr(p, name)
        if slot is None:
            e.skip(name, f"no tensor of the step behaves like it. {how}")
        else:
            half = "" if slot.start is None else f", columns {slot.start} to {slot.stop - 1}"
            side = "the input of" if slot.wire.side == "in" else "the output of"
            e.saw(name, f"{side} {p.name(slot)}{half}")
    if p.x_decoded is None:
        large(e, p.base)
    if p.size:
        e.report.numbers["latent_dim"] = p.size
    if p.z_mean is not None and p.z_log_var is not None:
        e.weigher = Weigher(p)
        if np.array_equal(p.values(p.base, p.z_mean), p.values(p.base, p.z_log_var)):
            said = "both parameters of q(z|x) have the same values"
            e.found(FAULT, "encoder.same_head", said, "a layer for each of them")
            e.weigher = None  # one cannot be changed without the other
    _idle(e)
    for given, name in ((e.encoder, "encoder"), (e.decoder, "decoder")):
        if given is not None and id(given) not in e.steps.layers:
            e.skip(f"the {name} that was passed", "it does not run in a training step; another layer does its work")


def large(e: Examination, seen: Seen) -> bool:
    """Whether the loss is as large as the exponential of some layer's output; if so, a finding."""
    tops = [(float(np.asarray(t, "float64").max()), w) for w, t in seen.wires.items() if w.side == "out"]
    for top, wire in tops:
        size = np.log(max(abs(seen.loss), 1)) if np.isfinite(seen.loss) else np.inf
        count = 2 * seen.wires[wire].shape[0]
        if top > 80 and not np.isfinite(size) or top > 15 and abs(size - top + np.log(count)) < 3:
            layer = e.steps.layers[wire.layer]
            said = f"the loss is {seen.loss:.3g}, and {layer.name} returns values up to {top:.3g}, whose exponential is as large"
            e.found(FAULT, "encoder.large_start", said, "values of z_log_var whose exponential is of order 1")
            return True
    return False


def _idle(e):
    """Parts that belong to the model and never run: a global of the same name may have run in their place."""
    ran = e.steps.layers
    for name, layer in vars(e.model).items():
        if not isinstance(layer, keras.Layer) or isinstance(layer, (keras.Loss, keras.Metric)) or id(layer) in ran:
            continue
        inner = [each for each in layer._flatten_layers() if id(each) in ran]
        if layer.weights and not inner and not name.startswith("_"):
            said = f"{name} belongs to the model and never runs in a training step"
            e.found(FAULT, "loss.not_the_parts", said, "the model's own parts, not others of the same name")


def slopes(e: Examination) -> None:
    """Whether both terms send gradients to both parameters of q(z|x)."""
    if e.weigher is None:
        return
    got = network.slopes(e.weigher)
    reaches = {True: "reaches", False: "does not reach"}
    for term, sides in (("reconstruction", got.reconstruction), ("KL", got.kl)):
        text = ", ".join(f"{reaches[ok]} {name}" for name, ok in zip(("z_mean", "z_log_var"), sides))
        e.saw(f"gradient of the {term}", text)
    if not got.reconstruction[0]:
        said = "the gradient of the reconstruction is zero with respect to z_mean" + (
            "" if got.reconstruction[1] else " and z_log_var"
        )
        e.found(FAULT, "sampling.stop_gradient", said, "a gradient from the reconstruction back to the encoder")
    elif not got.reconstruction[1] and e.parts.noisy and e.scale not in (None, "1"):
        said = "the gradient of the reconstruction is zero with respect to z_log_var"
        e.found(
            FAULT,
            "sampling.stop_gradient",
            said,
            "a gradient from the reconstruction back to both outputs of the encoder",
        )
    divergence = e.terms[1]
    if divergence is not None and divergence.fit.weight and not any(got.kl):
        said = "the value of the KL changes with z_mean and z_log_var, its gradient is zero"
        e.found(FAULT, "kl.no_gradient", said, "a gradient of the KL with respect to both")


def training(e: Examination) -> None:
    """What one step trains: every weight, or not; and whether batch normalisation learns."""
    got = network.training(e.parts)
    for names, said in ((got.left_out, "no optimiser is given"), (got.unreached, "no gradient reaches")):
        if names:
            e.found(
                FAULT,
                "loss.not_trained",
                f"{said} {_list(names)}",
                "a gradient for each trainable weight, and a step along it",
            )
    if not got.left_out and not got.unreached:
        e.saw("gradients", "reach every trainable weight")
    if got.frozen:
        said = f"{_list(got.frozen)} is set not to be trained"
        e.found(WARNING, "loss.not_trained", said, "layers that train, unless they are meant to be frozen")
    if got.normalisations:
        moving = got.normalisations - len(got.still)
        e.saw("batch normalisation", f"{moving} of {got.normalisations} layers learn in a step")
    if got.still:
        said = f"the moving averages of {_list(got.still)} do not move in a training step: it runs as if in inference"
        e.found(FAULT, "encoder.no_normalisation", said, "training=True where a step of your own calls the networks")


def _list(names):
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def heads(e: Examination) -> None:
    """Which values the layers that return z_mean and z_log_var can take, and start with."""
    p = e.parts
    if e.weigher is None:
        return
    v = p.values(p.base, p.z_log_var)
    if np.abs(v).max() > 25 and e.scale not in ("v", "sqrt(v)"):
        said = f"z_log_var reaches {v[np.unravel_index(np.abs(v).argmax(), v.shape)]:.3g} on these images"
        e.found(FAULT, "encoder.large_start", said, "values whose exponential is finite and of order 1")
    got = {name: network.range_of(p, getattr(p, name)) for name in ("z_mean", "z_log_var")}
    relu = {name: _never_negative(r[0]) for name, r in got.items() if r is not None}
    for name, r in got.items():
        e.saw(
            name,
            "its layer cannot be tried alone" if r is None else f"{r[1]} returns {r[0].min():.3g} to {r[0].max():.3g}",
        )
    if relu.get("z_mean") and relu.get("z_log_var"):
        e.found(
            FAULT,
            "encoder.relu_heads",
            "neither output is ever negative, and many are exactly 0",
            "heads without activation",
        )
    elif relu.get("z_mean"):
        e.found(
            FAULT, "encoder.relu_mean", "z_mean is never negative, and often exactly 0", "a head without activation"
        )
    elif relu.get("z_log_var"):
        e.found(
            FAULT,
            "encoder.relu_log_var",
            "z_log_var is never negative, and often exactly 0",
            "a head without activation",
        )
    if got["z_mean"] is not None and _bounded(got["z_mean"][0]):
        said = f"z_mean never leaves [{got['z_mean'][0].min():.3g}, {got['z_mean'][0].max():.3g}]"
        e.found(FAULT, "encoder.tanh_mean", said, "a head without activation")
    if got["z_log_var"] is not None and e.scale == "exp(v / 2)" and _bounded(got["z_log_var"][0]):
        said = f"z_log_var never leaves [{got['z_log_var'][0].min():.3g}, {got['z_log_var'][0].max():.3g}]"
        e.found(WARNING, "encoder.bounded_log_var", said, "a head without activation, or limits that are meant")
    _normalised(e)


def _never_negative(values):
    return values.min() >= 0 and (values == 0).mean() > 0.1


def _bounded(values):
    """Does it never leave a small interval, at whose ends it mostly is?"""
    low, high = values.min(), values.max()
    if low == high or max(abs(low), abs(high)) > 1.001:
        return False
    return bool(((values > high - 0.05 * (high - low)) | (values < low + 0.05 * (high - low))).mean() > 0.5)


def _normalised(e):
    p = e.parts
    for name in ("z_mean", "z_log_var"):
        slot = getattr(p, name)
        values = p.values(p.base, slot)
        for wire, tensor in p.base.wires.items():
            layer = e.steps.layers[wire.layer]
            if not isinstance(layer, keras.layers.BatchNormalization) or np.size(tensor) != values.size:
                continue
            if (
                wire == slot.wire
                or wire.side == "in"
                and np.array_equal(np.asarray(tensor, "float64").ravel(), values.ravel())
            ):
                said = f"{name} goes through {layer.name}, which sets its mean and standard deviation in training"
                e.found(FAULT, "encoder.normalised_heads", said, "heads that no normalisation follows")


def dimensions(e: Examination) -> None:
    """Which dimensions carry something, and which are nearly points."""
    p = e.parts
    if e.weigher is None or e.scale in (None, "1"):
        return
    many = p.resized(min(max(len(e.given.images), p.count), IMAGES))
    m, v = (many.values(many.base, slot) for slot in (p.z_mean, p.z_log_var))
    log_var = SCALES[e.scale](v)
    terms = np.stack([oracles.kl(m[:, [j]], log_var[:, [j]]) for j in range(p.size)], 1).mean(0)
    sigma = np.exp(0.5 * log_var).mean(0)
    collapsed, points = int((terms < COLLAPSED).sum()), int((sigma < POINT).sum())
    e.report.numbers["kl"] = float(terms.sum())
    e.report.numbers["active_dimensions"] = p.size - collapsed
    e.saw(
        "latent dimensions",
        f"{p.size - collapsed} of {p.size} carry at least {COLLAPSED} nats; KL {terms.sum():.4g} nats per image",
    )
    if collapsed:
        said = f"{collapsed} of {p.size} dimensions carry less than {COLLAPSED} nats on {many.count} images"
        e.found(
            NOTE,
            None,
            said,
            "in a trained model, that dimensions are used as far as they pay",
            name="collapsed dimensions",
        )
    if points:
        said = f"the standard deviation of q(z|x) is below {POINT} in {points} of {p.size} dimensions"
        e.found(NOTE, None, said, "a spread that the decoder notices", name="nearly deterministic dimensions")
