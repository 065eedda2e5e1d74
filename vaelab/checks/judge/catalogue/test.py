"""Mistakes in a student's own test of a VAE's formulas."""

from vaelab.checks.judge.catalogue.entry import NEEDS, Mistake

MISTAKES = (
    Mistake(
        "test.constant",
        (),
        "says yes to everything",
        "always True",
        "a test has to be able to say no.",
        "Try it on models A to D: does the answer ever change?",
        NEEDS,
    ),
    Mistake(
        "test.unsteady",
        (),
        "an answer that depends on luck",
        "different answers for the same thing",
        "the answer depends on which numbers were drawn.",
        "How far may a result be off by rounding, and how far is it off by chance? Compare with a tolerance in between, "
        "or test something that holds exactly.",
        NEEDS,
    ),
    Mistake(
        "test.too_strict",
        (),
        "a right implementation is refused",
        "False for a right one",
        "a test has to be able to say yes. Either what it compares with is wrong, or it allows less than rounding and chance make of a right value.",
        "Print the two numbers that you compare, for model A: do they differ in the first digits or in the last? float32 has about seven.",
        NEEDS,
    ),
    Mistake(
        "test.inverted",
        (),
        "the answer the wrong way round",
        "False for every right one, True for every wrong one",
        "every answer is the opposite of the right one.",
        "True means that both formulas are right.",
        NEEDS,
    ),
    Mistake(
        "test.raises",
        (),
        "an assert instead of an answer",
        "AssertionError",
        "an assert stops the function, so nothing is answered.",
        "Return False where an assert would fail, and True at the end.",
        NEEDS,
    ),
    Mistake(
        "test.misses",
        (1, 2, 6, 15),
        "a mistake is not found",
        "True for a wrong one",
        "the test does not see the difference.",
        "Choose inputs on which this mistake gives another number than the right formula: not zeros, not ones, "
        "more than one dimension, z_log_var of both signs. And look at both functions.",
        NEEDS,
    ),
)
