"""Checks of ``looks_healthy(kl, sample)``: a student's own test of a VAE's two formulas.

The implementations to be judged go to the student's function as functions made from
numbers that are drawn here (`vaelab.checks.student.specimens`): nothing about them can be read, only
tested. All come in equivalent parametrisations that are drawn: no list of numbers knows them.
"""

import numpy as np

from vaelab.checks.judge.problem import Asker, Problem, a_type
from vaelab.checks.judge.reply import item, raised
from vaelab.checks.student.formulas import KlNumbers, SampleNumbers

_NAME = "looks_healthy"

_RIGHT_KL = KlNumbers(square=0.5, spread=0.5, entropy=-0.5, constant=-0.5)
_NO_KL = KlNumbers()
_RIGHT_SAMPLE, _NO_NOISE = SampleNumbers(factor=1, rate=0.5), SampleNumbers()
_kl, _sample = _RIGHT_KL._replace, _RIGHT_SAMPLE._replace

#: The mistakes that the notebook speaks of: item, in words, KL and sampling.
_SHOWN = (
    ("averages the KL term over the latent dimensions", _kl(power=-1), _RIGHT_SAMPLE),
    ("lacks the factor ½ in the KL term", _kl(square=1, spread=1, entropy=-1, constant=-1), _RIGHT_SAMPLE),
    ("has the standard deviation where the KL term needs the variance", _kl(rate=0.5), _RIGHT_SAMPLE),
    ("scales the noise by the variance", _RIGHT_KL, _sample(rate=1)),
)
#: Others, by the same formulas.
_UNSEEN = (
    ("has the sign of the KL term flipped", _kl(square=-0.5, spread=-0.5, entropy=0.5, constant=0.5), _RIGHT_SAMPLE),
    ("drops the part of the KL term that is linear in z_log_var", _kl(entropy=0), _RIGHT_SAMPLE),
    ("does not square z_mean in the KL term", _kl(square=0, abs=0.5), _RIGHT_SAMPLE),
    ("takes z_mean as it is where the KL term needs its square", _kl(square=0, plain=0.5), _RIGHT_SAMPLE),
    (
        "has the KL divergence in the other direction",
        _kl(square=0, spread=0.5, rate=-1, entropy=0.5, precision=0.5, precision_rate=-1),
        _RIGHT_SAMPLE,
    ),
    ("takes z_log_var for the log standard deviation in the KL term", _kl(rate=2), _RIGHT_SAMPLE),
    ("makes z_log_var positive in the KL term", _kl(log_var=0, abs_log_var=1), _RIGHT_SAMPLE),
    ("cuts z_log_var at zero in the KL term", _kl(log_var=0.5, abs_log_var=0.5), _RIGHT_SAMPLE),
    ("lacks the constant of the KL term", _kl(constant=0), _RIGHT_SAMPLE),
    ("always has a KL term of zero", _NO_KL, _RIGHT_SAMPLE),
    ("scales the noise by z_log_var", _RIGHT_KL, SampleNumbers(linear=1)),
    ("adds no noise", _RIGHT_KL, _NO_NOISE),
    ("does not scale the noise", _RIGHT_KL, _sample(rate=0)),
    ("scales the noise by the inverse of the standard deviation", _RIGHT_KL, _sample(rate=-0.5)),
    ("subtracts the KL term of z_log_var and averages over the dimensions", _kl(entropy=0.5, power=-1), _RIGHT_SAMPLE),
)
_NOTHING = ("always has a KL term of zero and adds no noise", _NO_KL, _NO_NOISE)


def _rewritten(rng: np.random.Generator, kl: KlNumbers) -> KlNumbers:
    """The same function by other numbers: detours that change nothing."""
    factor = float(np.exp(rng.uniform(-1.4, 1.4)))
    kl = kl._replace(
        log_var=kl.log_var * factor,
        abs_log_var=kl.abs_log_var * factor,
        rate=kl.rate / factor,
        entropy=kl.entropy / factor,
        precision_rate=kl.precision_rate / factor,
    )
    if kl.precision:
        return kl
    part = float(rng.uniform())
    return kl._replace(square=part * kl.square, precision=(1 - part) * kl.square)


def _readable(answer):
    """A Problem unless `answer` is True or False."""
    kind = answer.get("kind") if isinstance(answer, dict) else None
    if kind == "error":
        problem = raised(answer.get("error"), _NAME)
        if problem.got == "AssertionError":
            problem.message, problem.mistake = "looks_healthy raised AssertionError", "test.raises"
        raise problem
    if kind != "bool" or type(answer.get("value")) is not bool:
        name = answer.get("type") if isinstance(answer, dict) else None
        raise Problem(
            f"looks_healthy returned {a_type(name)}; True or False was expected.",
            got=a_type(name),
            expected="True or False",
            next_step="Each way through the function should end in a return."
            if name == "NoneType"
            else "Make one answer of it: np.all(...) makes one of many, and bool(...) a plain True or False.",
        )


def _examine(rng, ask, wanted, times=1, misses=False):
    """Ask the target about implementations ``[(words, kl, sample, right)]``; a Problem if it errs.

    With ``misses``, it may say True of some wrong ones: that is another check's business.
    """
    order = rng.permutation(len(wanted))
    shuffled = [wanted[i] for i in order]
    body, _ = ask(
        {"op": "examine", "times": times},
        {
            "kl": np.array([_rewritten(rng, w[1]) for w in shuffled], "float64"),
            "sample": np.array([w[2] for w in shuffled], "float64"),
        },
    )
    answers = item(body, "answers", list)
    if len(answers) != len(shuffled) or not all(isinstance(row, list) and len(row) == times for row in answers):
        raise Problem("What came back is not in the form that was asked for.")
    for row in answers:
        for answer in row:
            _readable(answer)
    values = [[answer["value"] for answer in row] for row in answers]
    flat = [value for row in values for value in row]
    if all(set(row) == {not right} for row, (*_, right) in zip(values, shuffled)):
        raise Problem(
            "looks_healthy says False of every right implementation and True of every wrong one",
            mistake="test.inverted",
            got="False for right ones",
            expected="True for right ones",
        )
    if not any(flat):
        raise Problem(
            "looks_healthy says False of everything it is given, right implementations among them",
            mistake="test.too_strict",
            got="False",
            expected="True for some",
        )
    if all(flat) and any(w[0] == _NOTHING[0] for w in wanted):
        raise Problem(
            "looks_healthy says True even of an implementation without any KL term or noise",
            mistake="test.constant",
            got="True",
            expected="False",
        )
    for row, (words, _, _, right) in zip(values, shuffled):
        if len(set(row)) > 1:
            raise Problem(
                f"Asked {times} times about one implementation that {words}, looks_healthy says True "
                f"{sum(row)} times and False {times - sum(row)} times",
                mistake="test.unsteady",
                got="both answers",
                expected=f"{right} each time",
            )
    for row, (words, _, _, right) in zip(values, shuffled):
        if right and not row[0]:
            raise Problem(
                "looks_healthy says False of an implementation that is right",
                mistake="test.too_strict",
                got="False",
                expected="True",
            )
    missed = [words for row, (words, _, _, right) in zip(values, shuffled) if not right and row[0]]
    if missed and not misses:
        found = sum(not w[3] for w in wanted) - len(missed)
        raise Problem(
            f"looks_healthy says True of an implementation that {missed[0]}; it finds {found} of "
            f"{found + len(missed)} mistakes",
            mistake="test.misses",
            got=f"{found} found",
            expected=f"{found + len(missed)} found",
        )


def _wrong(cases):
    return [(*case, False) for case in cases]


def _rights(count):
    return [("is right", _RIGHT_KL, _RIGHT_SAMPLE, True)] * count


def accepts(rng: np.random.Generator, ask: Asker) -> None:
    """Right implementations are called right; one that does nothing is not."""
    _examine(rng, ask, _rights(5) + _wrong([_NOTHING]))


def finds(rng: np.random.Generator, ask: Asker) -> None:
    """The four mistakes of the notebook are found, each by itself."""
    _examine(rng, ask, _rights(2) + _wrong(_SHOWN))


def unseen(rng: np.random.Generator, ask: Asker) -> None:
    """Mistakes that the notebook does not show are found."""
    _examine(rng, ask, _rights(2) + _wrong(_UNSEEN))


def steady(rng: np.random.Generator, ask: Asker) -> None:
    """The same answer every time, right and wrong implementations in turn."""
    _examine(rng, ask, _rights(3) + _wrong([_NOTHING, *_SHOWN]), times=5, misses=True)


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (accepts, finds, unseen, steady)}
