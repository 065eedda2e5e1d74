"""Where a mistake is likely written: the source of what the model runs, searched for what such a line must contain."""

import inspect
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CellType, FunctionType

import keras

from vaelab.doctor.step import Steps

_KL = [r"square|\*\* ?2|pow\(", r"log_?var|logvar|log_sigma", r"exp\(", r"\bkl|KL", r"0\.5|/ ?2"]
_RECONSTRUCTION = [r"crossentropy|log_?prob", r"recon", r"square|mse|mae|abs\(", r"mean|sum"]
#: By the beginning of an id: what the line contains, the first the most telling.
PATTERNS = {
    "kl.": _KL,
    "loss.kl": [r"loss", r"\bkl|KL"],
    "sampling.batch_size": [r"random|normal\(", r"shape"],
    "sampling.stop_gradient": [r"stop_gradient|numpy\(", r"\bz\b"],
    "sampling.": [r"eps|noise|normal\(", r"exp\(", r"\bz\b|return"],
    "loss.mse": [r"[Ss]quare|mse|MSE", r"recon|rec_", r"mean|sum|loss"],
    "loss.not_trained": [r"\.gradient\(|apply", r"trainable", r"optimizer"],
    "loss.last_batch": [r"return \{|return dict", r"loss"],
    "loss.not_tracked": [r"update_state|result\(", r"return \{"],
    "loss.": _RECONSTRUCTION,
    "encoder.no_normalisation": [r"encoder\(|decoder\(|self\(", r"training"],
    "encoder.relu_log_var": [r"log_?var|logvar", r"relu|activation", r"Dense"],
    "encoder.": [r"mean|mu\b", r"log_?var", r"Dense|Conv"],
}


def likely(steps: Steps, mistake: str) -> str | None:
    """ "file:line: code" of the line that fits best; None if nothing fits, or no source can be read."""
    key = max((k for k in PATTERNS if mistake.startswith(k)), key=len, default=None)
    if key is None:
        return None
    best, where = 1.0, None  # a single pattern that is not the first says nothing
    for file, number, code in _lines(steps):
        if "SeedGenerator(" in code:
            continue
        if mistake.startswith("kl.") and re.search(r"random|normal\(", code):
            continue  # noise, not the KL
        score = sum((2.0 if i == 0 else 0.8) for i, p in enumerate(PATTERNS[key]) if re.search(p, code))
        if score > best and re.search(PATTERNS[key][0], code):
            best, where = score, f"{Path(file).name}:{number}: {code.strip()[:160]}"
    return where


def functions(steps: Steps) -> list[FunctionType]:
    """The functions of other people's code that a step of this model may run."""
    found: dict[int, FunctionType] = {}
    model = steps.model
    _add(steps.own, found)
    for thing in (model, *steps.layers.values()):
        for value in _methods(type(thing)):
            _add(value, found)
        if isinstance(thing, keras.layers.Lambda):
            _add(thing.function, found)
    for loss in keras.tree.flatten(getattr(model, "loss", None)):
        _add(getattr(loss, "fn", loss), found)
    return list(found.values())


def _methods(kind):
    """What other people's classes of an object hold, but for what is overridden without a call of it."""
    over = set()
    for cls in kind.__mro__:
        if _own(getattr(cls, "__module__", "")):
            yield from (value for name, value in vars(cls).items() if name not in over)
            over |= {
                n for n, v in vars(cls).items() if "super" not in getattr(getattr(v, "__code__", None), "co_names", ())
            }


def _add(value, found, depth=0):
    value = inspect.unwrap(value) if callable(value) else value
    value = getattr(value, "python_function", value)  # what a tf.function was made of
    if not isinstance(value, FunctionType) or id(value) in found or not _own(value.__module__ or ""):
        return
    found[id(value)] = value
    cells = [c.cell_contents for c in value.__closure__ or () if filled(c)]
    named = [value.__globals__[n] for n in value.__code__.co_names if n in value.__globals__]
    for other in (*cells, *named) if depth < 3 else ():
        _add(other, found, depth + 1)


def filled(cell: CellType) -> bool:
    """Whether a closure's cell holds something yet."""
    return cell != CellType()


def _own(module: str) -> bool:
    root = module.partition(".")[0]
    return root not in ("keras", "tensorflow", "numpy", "builtins") and not module.startswith(
        ("vaelab.doctor.step", "vaelab.doctor.surroundings")
    )


def _lines(steps) -> Iterator[tuple[str, int, str]]:
    library = sysconfig.get_path("stdlib")
    for function in functions(steps):
        try:
            lines, start = inspect.getsourcelines(function)
        except (OSError, TypeError):
            continue
        file = function.__code__.co_filename
        if file.startswith(library):
            continue
        for i, code in enumerate(lines):
            if not code.strip().startswith(("#", '"""', "def ")):
                yield file, start + i, code
