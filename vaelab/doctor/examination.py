"""The examination: finds the parts, measures what can be measured, and says of the rest why it was not."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from vaelab.checks.student.describe import quiet
from vaelab.doctor import feed as feeding
from vaelab.doctor import numbers, on_images, on_loss, on_networks, on_sampling
from vaelab.doctor.findings import FAULT, Examined, NotExamined, finding
from vaelab.doctor.lines import likely
from vaelab.doctor.parts import Parts
from vaelab.doctor.report import Report
from vaelab.doctor.state import kept
from vaelab.doctor.step import StepError, Steps
from vaelab.doctor.weigh import Weigher

#: Images in the batch that is looked at; then what is tried where a model takes no such batch.
COUNT, OTHERS = 11, (32, 64, 128, 100, 16, 256, 8, 1)


class Examination:
    """One examination under way: what the sections measure with, and the report that they fill."""

    def __init__(self, model: keras.Model, given: feeding.Given, encoder: Any, decoder: Any, validation: Any):
        self.model, self.given, self.encoder, self.decoder = model, given, encoder, decoder
        self.validation = validation
        self.compiled = bool(getattr(model, "compiled", False))
        self.steps = Steps(model)
        self.report = Report(f"{getattr(model, 'name', 'model')} ({type(model).__name__})")
        self.parts: Parts | None = None
        self.weigher: Weigher | None = None
        self.terms: tuple = (None, None)  # of the loss; set by the section on the loss
        self.scale: str | None = None  # how the noise of z is scaled; set by the section on sampling

    def found(self, severity: str, mistake: str | None, measured: str, expected: str, name: str | None = None) -> None:
        """Add a finding, with the likely line."""
        if not any(f.mistake == mistake and f.name == name for f in self.report.findings if mistake):
            line = likely(self.model, self.steps.layers, mistake) if mistake else None
            self.report.findings.append(finding(severity, mistake, measured, expected, name, line))

    def has(self, *mistakes: str) -> bool:
        """Whether one of these was found."""
        return any(f.mistake in mistakes for f in self.report.findings)

    def saw(self, what: str, result: str) -> None:
        self.report.examined.append(Examined(what, result))

    def skip(self, what: str, why: str) -> None:
        self.report.not_examined.append(NotExamined(what, why))

    def section(self, what: str, measure: Callable[["Examination"], None]) -> None:
        """Measure something; where that fails, the report says so, and why."""
        try:
            measure(self)
        except StepError as error:
            self.skip(what, f"the training step fails here ({_short(error)})")
        except Exception as error:
            self.skip(what, f"the measurement fails ({type(error).__name__}: {_short(error)})")

    def run(self) -> Report:
        """All sections, in their order."""
        if self._begin():
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
                self.section(what, measure)
        self.section("validation images", on_images.validation)
        self.report.sort()
        return self.report

    def _begin(self) -> bool:
        """Find a way to feed the model, and its parts; False if no step can be taken."""
        if not self._finite_weights():
            return False
        first = None
        for count in (COUNT, *OTHERS):
            try:
                feed, seen = feeding.find(self.steps, self.given, count)
            except StepError as error:
                first = first or error
                continue
            break
        else:
            self._no_step(first)
            return False
        if not self._finite_weights():  # a model that was not built has weights only now
            return False
        if not np.isfinite(seen.loss):
            feed = self._not_finite(feed, seen, count)
            if feed is None:
                return False
        self.parts = Parts(self.steps, feed, count, self.encoder, self.decoder)
        return True

    def _finite_weights(self):
        bad = [v.path for v in getattr(self.model, "weights", ()) if not np.isfinite(np.asarray(v, "float64")).all()]
        if not bad:
            return True
        self.found(
            FAULT,
            None,
            f"{len(bad)} weights hold NaN or infinite values, the first {bad[0]}",
            "finite numbers; see at which step the loss became NaN, and what the images, the learning rate and exp(z_log_var) were",
            name="weights that are not numbers",
        )
        self.skip("everything else", "with such weights every number is NaN; load or train a model with finite weights")
        return False

    def _no_step(self, error):
        hint = "; the model is not compiled and has no add_loss: compile it as for fit" if not self.compiled else ""
        self.skip(
            "everything that needs a training step",
            f"no way to feed the images works: {_short(error)}{hint}. Pass x as fit gets it: images, (x, y), or a dictionary",
        )

    def _not_finite(self, feed, seen, count):
        x = self.given.images
        low, high = float(x.min()), float(x.max())
        if low >= 0 and high <= 1 and on_networks.large(self, seen):
            self.skip("everything else", "the loss of these images is not a number")
            return None
        self.found(
            FAULT,
            "loss.symmetric_images" if low < 0 else "loss.scaled_images" if high > 1.5 else None,
            f"the loss of a batch is {seen.loss}; the images range from {low:.3g} to {high:.3g}",
            "a finite loss, and images in [0, 1] where the loss is a cross-entropy",
            name=None if low < 0 or high > 1.5 else "a loss that is not a number",
        )
        if high <= low or (low >= 0 and high <= 1):
            self.skip("everything else", "the loss of these images is not a number")
            return None
        images = ((x - low) / (high - low)).astype("float32")
        self.saw("images", "moved to [0, 1] for what follows")
        self.given = self.given._replace(images=images)
        feed, seen = feeding.find(self.steps, self.given, count)
        return feed if np.isfinite(seen.loss) else None


def _short(error):
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else f"{text[:297]}..."


def examine(model: keras.Model, x: Any, *, encoder: Any = None, decoder: Any = None, validation: Any = None) -> Report:
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

    Returns
    -------
    Report

    Raises
    ------
    TypeError
        If `model` is no Keras model.
    DataError
        If there are no images in `x`.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"model is {type(model).__name__}; expected a keras.Model.")
    given = feeding.read(x)
    if validation is not None:
        validation = feeding.read(validation).images
    examination = Examination(model, given, encoder, decoder, validation)
    if keras.backend.backend() != "tensorflow":
        examination.skip(
            "everything", f"Keras runs on {keras.backend.backend()}; the doctor reads models on TensorFlow"
        )
        return examination.report
    with quiet(), kept(model):
        return examination.run()
