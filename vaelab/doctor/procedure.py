"""An examination from its beginning to its end: finds the parts, measures what can be measured, says of the rest why not."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from vaelab.checks.student.describe import quiet
from vaelab.doctor import feed as feeding
from vaelab.doctor import numbers, on_images, on_loss, on_networks, on_sampling
from vaelab.doctor.examination import Examination, short
from vaelab.doctor.findings import FAULT
from vaelab.doctor.parts import Parts
from vaelab.doctor.report import Report
from vaelab.doctor.state import kept
from vaelab.doctor.step import StepError

#: Images in the batch that is looked at; then what is tried where a model takes no such batch.
COUNT, OTHERS = 11, (32, 64, 128, 100, 16, 256, 8, 1)


def run(e: Examination) -> Report:
    """All sections, in their order."""
    if _can_begin(e):
        sections = (
            ("parts", on_networks.parts),
            ("sampling", on_sampling.sampling),
            ("loss", on_loss.loss),
            ("gradients of both terms", on_networks.slopes),
            ("one whole training step", on_networks.training),
            ("reported numbers", numbers.compare),
            ("heads of the encoder", on_networks.heads),
            ("latent dimensions", on_networks.dimensions),
            ("batch sizes", on_sampling.batch_sizes),
            ("negative ELBO and evidence", on_images.evidence),
            ("landmarks", on_images.landmarks),
        )
        for what, measure in sections:
            e.section(what, measure)
    e.section("validation images", on_images.validation)
    e.report.sort()
    return e.report


def _can_begin(e):
    """Whether `_begin` found a way. Where the model's own code fails unexpectedly, the report says how."""
    try:
        return _begin(e)
    except Exception as error:
        e.skip("everything else", f"the model's parts cannot be looked for ({type(error).__name__}: {short(error)})")
        return False


def _begin(e: Examination) -> bool:
    """Find a way to feed the model, and its parts; False if no step can be taken."""
    if not _finite_weights(e):
        return False
    first = None
    for count in (COUNT, *OTHERS):
        try:
            feed, seen = feeding.find(e.steps, e.given, count)
        except StepError as error:
            first = first or error
            continue
        break
    else:
        _no_step(e, first)
        return False
    if not _finite_weights(e):  # a model that was not built has weights only now
        return False
    if not np.isfinite(seen.loss):
        feed = _not_finite(e, seen, count)
        if feed is None:
            return False
    e.parts = _parts(e, feed, count)
    if e.parts.x_decoded is None and e.outside:
        e.skip("everything else", f"no reconstruction reaches the loss that the model itself has. {_OUTSIDE}")
        return False
    return True


def _parts(e, feed, count):
    """The parts of the first loss of a step in which z_mean is found, or at least a reconstruction."""
    try:
        losses = e.steps.whole(feed.data(*feed.rows(count))).losses
    except StepError:
        losses = []
    places = {float(np.float32(value)): i for i, value in reversed([*enumerate(losses)])} if len(losses) > 1 else {}
    order, found = sorted(places.values()) or [0], []
    for which in order:
        e.steps.which = which
        try:
            parts = Parts(e.steps, feed, count, e.encoder, e.decoder)
        except StepError:
            if len(order) == 1:
                raise
            continue
        found.append((which, e.steps.seeds_tensorflow, parts))
        if parts.z_mean is not None:
            break
    if not found:
        raise StepError("none of the losses of a step can be looked at")
    best = next((f for f in found if f[2].z_mean), None) or next((f for f in found if f[2].x_decoded), found[0])
    e.steps.which, e.steps.seeds_tensorflow, parts = best
    if len(places) > 1:
        e.saw("losses", f"a step differentiates {len(places)}; this report is about number {order.index(best[0]) + 1}")
        e.skip(
            "the other losses of a step",
            "a report is about one loss: the first with a posterior, else the first with a reconstruction",
        )
    return parts


def _finite_weights(e):
    bad = [v.path for v in getattr(e.model, "weights", ()) if not np.isfinite(np.asarray(v, "float64")).all()]
    if not bad:
        return True
    e.found(
        FAULT,
        None,
        f"{len(bad)} weights hold NaN or infinite values, the first {bad[0]}",
        "finite numbers; see at which step the loss became NaN, and what the images, the learning rate and exp(z_log_var) were",
        name="weights that are not numbers",
    )
    e.skip("everything else", "with such weights every number is NaN; load or train a model with finite weights")
    return False


_OUTSIDE = "If a training loop of your own trains the model, pass step=, the function that it calls for a batch"


def _no_step(e, error):
    hint = "; the model is not compiled and has no add_loss: compile it as for fit" if e.outside else ""
    how = "step gets it" if e.steps.own is not None else f"fit gets it: images, (x, y), or a dictionary. {_OUTSIDE}"
    e.skip(
        "everything that needs a training step",
        f"no way to feed the images works: {short(error)}{hint}. Pass x as {how}",
    )


def _not_finite(e, seen, count):
    x = e.given.images
    low, high = float(x.min()), float(x.max())
    if low >= 0 and high <= 1 and on_networks.large(e, seen):
        e.skip("everything else", "the loss of these images is not a number")
        return None
    e.found(
        FAULT,
        "loss.symmetric_images" if low < 0 else "loss.scaled_images" if high > 1.5 else None,
        f"the loss of a batch is {seen.loss}; the images range from {low:.3g} to {high:.3g}",
        "a finite loss, and images in [0, 1] where the loss is a cross-entropy",
        name=None if low < 0 or high > 1.5 else "a loss that is not a number",
    )
    if high <= low or (low >= 0 and high <= 1):
        e.skip("everything else", "the loss of these images is not a number")
        return None
    images = ((x - low) / (high - low)).astype("float32")
    e.saw("images", "moved to [0, 1] for what follows")
    e.given = e.given._replace(images=images)
    feed, seen = feeding.find(e.steps, e.given, count)
    return feed if np.isfinite(seen.loss) else None


def examine(
    model: keras.Model,
    x: Any,
    *,
    encoder: Any = None,
    decoder: Any = None,
    validation: Any = None,
    step: Callable[[Any], Any] | None = None,
) -> Report:
    """Examine any Keras VAE: what it really trains.

    Parameters
    ----------
    model : keras.Model
        As it is trained: compiled, or with a loss of its own. It is left as it was.
    x : array, (array, array), dict of two arrays, or tf.data.Dataset
        What ``fit`` gets: images ``(N, ...)``, or images and what goes beside them (labels, a second input, targets).
        A dozen images are enough for most; collapsed dimensions and landmarks are more reliable with hundreds.
    encoder, decoder : keras.Layer or keras.Model, optional
        Layers that the training step calls, for models whose parts are not found.
    validation : array, optional
        Images that the model is validated with: they should not be among `x`.
    step : callable, optional
        For a training loop outside `fit`: takes a batch of `x`, and trains the model on it with a `tf.GradientTape`.

    Returns
    -------
    Report

    Raises
    ------
    TypeError
        If `model` is no Keras model, or `step` no function.
    DataError
        If there are no images in `x`.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"model is {type(model).__name__}; expected a keras.Model.")
    if step is not None and (not callable(step) or isinstance(step, keras.Layer)):
        raise TypeError(f"step is {type(step).__name__}; expected a function that takes a batch.")
    given = feeding.read(x)
    if validation is not None:
        validation = feeding.read(validation).images
    examination = Examination(model, given, encoder, decoder, validation, step)
    if keras.backend.backend() != "tensorflow":
        examination.skip(
            "everything", f"Keras runs on {keras.backend.backend()}; the doctor reads models on TensorFlow"
        )
        return examination.report
    with quiet(), kept(model, examination.steps.before):
        return run(examination)
