"""A doctor for VAEs: what a Keras VAE really trains, from numbers and whatever its style::

    from vaelab import doctor
    doctor.examine(model, x)             # a report: a page in a notebook, print() elsewhere

or from a shell::

    python -m vaelab.doctor path/to/module.py:make_model --data fashion

The model's own training step is run, eagerly and without an update. What passes between its layers is recorded, and
replaced by other numbers: the loss becomes a function of the posterior's parameters and of the reconstruction, and shows
which formulas it holds. Mistakes have the names of the checks' catalogue. The model is left as it was.
"""

from importlib.util import find_spec
from typing import Any

if find_spec("vaelab.checks.judge") is not None:
    from vaelab.doctor.feed import DataError
    from vaelab.doctor.findings import Examined, Finding, NotExamined
    from vaelab.doctor.procedure import examine
    from vaelab.doctor.report import Report
else:  # a notebook is being graded: what the doctor knows does not lie beside a student's code

    def examine(  # type: ignore[misc]  # a sentence in place of a report
        model: Any, x: Any, *, encoder: Any = None, decoder: Any = None, validation: Any = None, step: Any = None
    ) -> str:
        """Nothing is examined while grading."""
        return "Nothing is examined while grading."


__all__ = ["DataError", "Examined", "Finding", "NotExamined", "Report", "examine"]
