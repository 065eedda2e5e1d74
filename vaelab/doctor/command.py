"""``vaelab-doctor``: examine a model that a function of a module makes, or a saved ``.keras`` file."""

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

EPILOG = """A module is executed, because you name it: name none that you do not trust. A .keras file is loaded in Keras's safe
mode, which runs no code of the file; classes that it needs must be registered by a module that you name with --import."""


class CommandError(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 without a fault or warning, 1 with one, 2 if nothing could be examined or the request is wrong."""
    options = _parser().parse_args(arguments)
    try:
        x, validation = _data(options.data, options.images)
        model, step = _model(options.model, options.imports)
        from vaelab.doctor import DataError, examine

        try:
            report = examine(model, x, validation=validation, step=step)
        except (TypeError, DataError) as error:
            raise CommandError(str(error)) from error
    except CommandError as error:
        print(f"vaelab-doctor: {error}", file=sys.stderr)
        return 2
    print(report.to_json() if options.json else str(report))
    if not report.examined and not report.findings:
        return 2
    return int(report.worst in ("fault", "warning"))


def _parser():
    parser = argparse.ArgumentParser("vaelab-doctor", description=__doc__, epilog=EPILOG)
    parser.add_argument(
        "model",
        help="path/to/module.py:function, which is called without arguments and returns a model, or a model and the step of its training loop; or a .keras file",
    )
    parser.add_argument(
        "--data",
        default="fashion",
        help="'fashion' (default), an .npy file, or an .npz file with x, and perhaps y and x_val",
    )
    parser.add_argument("--images", type=int, default=200, help="how many images to use at most (default 200)")
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="MODULE.py",
        help="a module to execute first, for the classes of a .keras file",
    )
    parser.add_argument("--json", action="store_true", help="write JSON")
    return parser


def _model(name: str, imports: list[str]) -> tuple[Any, Any]:
    """The model, and the step of its training loop or None."""
    for path in imports:
        _execute(Path(path))
    if name.endswith(".keras"):
        return _load(Path(name)), None
    path, separator, function = name.rpartition(":")
    if not separator or not path.endswith(".py"):
        raise CommandError(f"{name!r} is neither path/to/module.py:function nor a .keras file.")
    module = _execute(Path(path))
    make = getattr(module, function, None)
    if not callable(make):
        raise CommandError(f"{path} has no function {function!r}.")
    try:
        made = make()
    except Exception as error:
        raise CommandError(f"{function}() of {path} failed with {type(error).__name__}: {error}") from error
    return made if isinstance(made, tuple) and len(made) == 2 else (made, None)


def _load(path):
    import vaelab.quiet  # noqa: F401, before Keras

    import keras

    if not path.is_file():
        raise CommandError(f"{path} does not exist.")
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:400]
        raise CommandError(
            f"{path} cannot be loaded in safe mode: {reason} If it needs classes of yours, register them "
            "(keras.saving.register_keras_serializable) and name their module with --import."
        ) from error


def _execute(path):
    import vaelab.quiet  # noqa: F401, before Keras

    if not path.is_file():
        raise CommandError(f"{path} does not exist.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))  # modules beside it, as when it is run
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise CommandError(f"{path} failed with {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module


def _data(name: str, count: int) -> tuple[Any, np.ndarray | None]:
    """``(x, validation)``; x is ``(x, y)`` where a file has both."""
    if count < 1:
        raise CommandError(f"--images is {count}; expected 1 or more.")
    if name == "fashion":
        from vaelab import data

        images = data.load()
        return images.x_train[:count], images.x_test[:count]
    path = Path(name)
    if path.suffix not in (".npy", ".npz") or not path.is_file():
        raise CommandError(f"--data is {name!r}; expected 'fashion' or an existing .npy or .npz file.")
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = {"x": loaded} if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded.files}
    except Exception as error:
        raise CommandError(
            f"{path} cannot be read ({type(error).__name__}: {error}); arrays of numbers are expected."
        ) from error
    if "x" not in arrays:
        raise CommandError(
            f"{path} holds {', '.join(arrays) or 'nothing'}; expected an array x, and perhaps y and x_val."
        )
    x, y = arrays["x"][:count], arrays.get("y")
    return (x if y is None else (x, y[:count])), arrays.get("x_val")
