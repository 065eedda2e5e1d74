"""One examination under way: what its sections measure with, and the report that they fill."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import numpy as np

from vaelab.doctor.feed import Given, own_step
from vaelab.doctor.findings import Examined, NotExamined, finding
from vaelab.doctor.lines import likely
from vaelab.doctor.parts import Parts
from vaelab.doctor.report import Report
from vaelab.doctor.step import StepError, Steps
from vaelab.doctor.weigh import Divergence, Reconstruction, Weigher

#: Images in the second, smaller batch: no multiple of the first, which has eleven where the model takes so many.
SECOND = 6


class Examination:
    """One examination under way: what the sections measure with, and the report that they fill."""

    def __init__(
        self,
        model: keras.Model,
        given: Given,
        encoder: Any = None,
        decoder: Any = None,
        validation: np.ndarray | None = None,
        step: Callable | None = None,
    ):
        self.model, self.given, self.encoder, self.decoder = model, given, encoder, decoder
        self.validation = validation
        self.steps = Steps(model, step)
        compiled = bool(getattr(model, "compiled", False)) or own_step(model) or step is not None
        self.outside = not compiled  # the model is trained by something that is not known here
        self.report = Report(f"{getattr(model, 'name', 'model')} ({type(model).__name__})")
        self.parts: Parts  # set before the sections, all but the one on validation images
        self.weigher: Weigher | None = None
        self.terms: tuple[Reconstruction | None, Divergence | None] = (None, None)  # set by the section on the loss
        self.scale: str | None = None  # how the noise of z is scaled; set by the section on sampling

    @property
    def second_count(self) -> int:
        """Images in a batch of another size than that of `parts`."""
        return SECOND if self.parts.count != SECOND else SECOND + 1

    @cached_property
    def second(self) -> Parts:
        """`parts` for the second batch.

        Raises
        ------
        vaelab.doctor.step.StepError
            If the model does not take so many images.
        """
        return self.parts.resized(self.second_count)

    def found(self, severity: str, mistake: str | None, measured: str, expected: str, name: str | None = None) -> None:
        """Add a finding, with the likely line."""
        if not any(f.mistake == mistake and f.name == name for f in self.report.findings if mistake):
            line = likely(self.steps, mistake) if mistake else None
            self.report.findings.append(finding(severity, mistake, measured, expected, name, line))

    def has(self, *mistakes: str) -> bool:
        """Whether one of these was found."""
        return any(f.mistake in mistakes for f in self.report.findings)

    def saw(self, what: str, result: str) -> None:
        """Say what was measured, and the result in words."""
        self.report.examined.append(Examined(what, result))

    def skip(self, what: str, why: str) -> None:
        """Say what was not measured, and why."""
        self.report.not_examined.append(NotExamined(what, why))

    def section(self, what: str, measure: Callable[["Examination"], None]) -> None:
        """Measure something; where that fails, the report says so, and why."""
        try:
            measure(self)
        except StepError as error:
            self.skip(what, f"the training step fails here ({short(error)})")
        except Exception as error:
            self.skip(what, f"the measurement fails ({type(error).__name__}: {short(error)})")


def short(error: Exception) -> str:
    """The message of an exception on one line, cut to 300 characters."""
    text = re.sub(r"\x1b\[\d*m", "", str(error))  # Keras sets parts of its messages in bold
    text = " ".join(text.partition("Arguments received by")[0].split())
    return text if len(text) <= 300 else f"{text[:297]}..."
