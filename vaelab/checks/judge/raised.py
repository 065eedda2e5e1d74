"""An exception in a student's code, in words that help.

The text is the student's or Keras's, and hostile like every reply: it is cut, cleaned and quoted, and
a table of patterns says what the usual ones mean. A pattern is listed only if it has one cause.
"""

import re
from typing import NamedTuple

from vaelab.checks.judge.problem import Problem, short


class Hint(NamedTuple):
    """What an exception means, if `pattern` occurs in "Type: text" of it."""

    pattern: str
    meaning: str
    next_step: str


#: The first that fits is used. Patterns have no nested repetitions: they see a student's text.
HINTS = tuple(
    Hint(*row)
    for row in (
        (
            r"`add_metric\(\)` method|has no attribute 'add_metric'",
            "Keras 3 has no add_metric any more",
            "Make a keras.metrics.Mean for each number in __init__, and call its update_state where the number is known.",
        ),
        (
            r"optimizers\.legacy",
            "Keras 3 has no legacy optimisers",
            "Take the optimiser of this name from keras.optimizers itself.",
        ),
        (
            r"Unrecognized keyword arguments passed to",
            "a layer is given an argument that it does not know, or no longer",
            "help(...) of the layer's class lists its arguments. Take out the other one.",
        ),
        (
            r"not enough values to unpack|too many values to unpack",
            "the number of names on the left of = is not the number of values on the right",
            "Print what stands on the right. (The encoder that is passed in returns two tensors, and a batch of images is one.)",
        ),
        (
            r"You must call `?compile\(\)",
            "the model is not compiled",
            "Call compile, with an optimiser, before you return the model.",
        ),
        (
            r"Computed output size would be zero or negative|Negative dimension size",
            "the maps have become smaller than the kernel of the next layer",
            "Print the shape after each layer: which steps make rows and columns fewer, and does padding keep the rest?",
        ),
        (
            r"use get_replica_context\(\)\.merge_call",
            "a model's predict, evaluate or fit is called inside another model",
            "Inside call, call a network itself, as in encoder(x): its predict gives plain numbers, and no gradient comes back.",
        ),
        (
            r"compiled_loss|compiled_metrics",
            "Keras 3 has no compiled_loss and no compiled_metrics any more",
            "Compute the loss from the images and the reconstruction yourself.",
        ),
        (
            r"forgot to call `?super\(\)\.__init__|has no attribute '_(dtype_policy|tracker|lock|losses|metrics|layers|loss_tracker|inbound_nodes)'",
            "a class was used as a Keras model or layer before Keras had prepared it",
            "Begin its __init__ with super().__init__(), both pairs of brackets included.",
        ),
        (
            r"compute_loss\(?\)? takes .* positional arguments? but|compute_loss\(\) (got an unexpected|missing)",
            "Keras hands compute_loss more than it takes: x, y, y_pred, sample_weight and training",
            "Write all five into the first line of compute_loss, as in the example of the notebook.",
        ),
        (
            r"too many positional arguments|Only input tensors may be passed as positional arguments",
            "a layer or model was called with more arguments than it takes",
            "Both inputs of the sampling layer go into one list; see how the notebook calls it.",
        ),
        (
            r"module '[\w.]*backend[\w.]*' has no attribute",
            "what Keras 2 had in keras.backend, Keras 3 has not",
            "keras.ops holds such functions now, most of them under NumPy's names.",
        ),
        (
            r"KerasTensor cannot be used as input to a TensorFlow|KerasTensor is symbolic|symbolic KerasTensor",
            "a model is being built here, so its tensors hold no numbers yet; tf.* and NumPy cannot work on them",
            "Use keras.ops, or do it inside the call of a layer or model of your own.",
        ),
        (
            r"Unknown variable: ",
            "the optimiser was used for other variables before",
            "Hand all gradients and all variables to one call of apply_gradients.",
        ),
        (
            r"Invalid input shape|expected axis -1 of input shape|incompatible with the layer",
            "a network was handed something of another shape than its inputs",
            "Compare the two shapes: is the network's Input wrong, or what is handed to it? (Where fit gets images alone, a batch of them is all of `data`.)",
        ),
        (
            r"Invalid reduction dimension|axis .* is out of bounds",
            "there is no such axis here: images may be rows of pixels, or have rows, columns and channels",
            "Print the shape before you reduce, or bring it to (batch, pixels) first.",
        ),
        (
            r"NameError: name '(tf|tensorflow)' is not defined",
            "this notebook does not import TensorFlow",
            "Use keras.ops, or write `import tensorflow as tf` into the cell of your function.",
        ),
        (
            r"NameError: name 'torch' is not defined|module 'torch'|object has no attribute '(pow|exp|sum|mean|view|size)'$",
            "this is PyTorch's way to write it; tensors here are TensorFlow's",
            "keras.ops has the functions under NumPy's names: ops.exp(t) and not t.exp().",
        ),
        (
            r"takes (from )?\d[\w ]* positional arguments? but \d+ (was|were) given",
            "a function is called with more arguments than its first line lists",
            "Compare the line that starts with def with the call: the exercise says what is handed in. (In a class, self comes first.)",
        ),
        (
            r"Kernel shape must have the same length as input",
            "what a convolution is handed has not the axes (batch, rows, columns, channels)",
            "Print the shape that comes in. keras.Input takes the shape of one image, and adds the batch itself.",
        ),
        (
            r"must have the same rank",
            "the two tensors that are compared have different numbers of axes",
            "Print both shapes. Operators such as * repeat a tensor along a missing first axis; Keras's loss functions do not.",
        ),
        (
            r"NameError: name '",
            "a name is used that the function cannot see",
            "Check how it is spelled. If it is right, define or import it in the same cell as the function: so the function works anywhere.",
        ),
        (
            r"StdinNotImplementedError|raw_input was called",
            "input() waits for somebody to type, and there is nobody when a notebook is checked",
            "Take input() out.",
        ),
    )
)

#: Of kinds that the probe makes up itself: no code of the student's raised them.
_CALLS = {
    "TooLarge": (
        "too many weights",
        "a smaller model",
        "See in model.summary() which layer has most of them: strides or pooling leave a dense layer fewer positions.",
    ),
    "NotEager": (
        "eager execution switched off",
        "TensorFlow as it starts",
        "Take the line that switches it off (disable_eager_execution, say) out of the notebook, and restart the kernel.",
    ),
}

#: What Keras puts in front of an exception's own text.
_WHERE = re.compile(r"^Exception encountered when calling [^ ]{1,100}\(\)\. ")
#: A place in AutoGraph's list of them: the file, a star if it is code that was traced, and the line.
_PLACE = re.compile(r'\s*File "([^"\n]*)", line \d+, in \S*(?: +(\*+))?\n(.*)(?:\n|$)')


def _reason(text, kind):
    """``(reason, line)`` of an error inside tf.function: without the places that AutoGraph lists, and the student's last line."""
    before, listed, after = text[:4000].partition("in user code:")
    place, line = _PLACE.match(after), ""
    while place:
        if place[2] == "*" and "-packages" not in place[1]:
            line = short(place[3], 120)
        after = after[place.end() :]
        place = _PLACE.match(after)
    after = after.strip()
    return f"{before}{'' if after.startswith('File ') else after.removeprefix(f'{kind}: ')}" if listed else text, line


def raised(error: object, what: str, when: str = "") -> Problem:
    """A Problem for an exception in the student's code.

    Parameters
    ----------
    error : dict
        ``{"type": ..., "text": ...}`` of a reply; anything else is read as an unknown exception.
    what : str
        What was called, such as ``"kl_term"`` or ``"evaluate"``.
    when : str
        On which inputs, with a space in front.
    """
    error = error if isinstance(error, dict) else {}
    kind, text = short(error.get("type", "an exception"), 60), error.get("text", "")
    if kind in _CALLS:
        got, expected, next_step = _CALLS[kind]
        return Problem(f"{what} was not run{when}: {short(text, 300)}", got=got, expected=expected, next_step=next_step)
    called = f"tf.function({what})" if "tf.function" in when else "it"
    next_step = f"Call {called} yourself in a new cell to see the whole traceback."
    if kind == "NotImplementedError" and not text:
        next_step = (
            "Keras raises this where a method is not written, or where Keras 3 has none any more: a finished model's "
            "add_loss takes no tensors, for instance. " + next_step
        )
    reason, line = _reason(text, kind) if isinstance(text, str) else (text, "")
    when += f", at `{line}`" if line else ""
    # Keras goes on with the values of all arguments.
    text = short(reason.partition("Arguments received by")[0] if isinstance(reason, str) else reason, 300)
    text = re.sub(r"\{\{.*?\}\} ?| \[Op:\w*\].*", "", text)  # TensorFlow's own names for the place
    sentence = f"{what} raised {kind}{when}: {text}" if text else f"{what} raised {kind}{when}."
    problem, hint = Problem(sentence, got=kind, next_step=next_step), meaning(kind, reason)
    problem.bare = sentence
    if hint:
        problem.message, problem.next_step = f"{sentence.rstrip('.')}. That is: {hint.meaning}.", hint.next_step
    return problem


def meaning(kind: str, text: object) -> Hint | None:
    """The `Hint` for an exception of this type and text, or None."""
    said = f"{kind}: {_WHERE.sub('', short(text, 1500).partition('Arguments received by')[0])}"
    return next((hint for hint in HINTS if re.search(hint.pattern, said)), None)
