"""The judge: from a check's id and a target to a verdict.

Uses NumPy and JSON only; TensorFlow is where the probe is. A check is a function
``check(rng, ask)`` which draws inputs from `rng`, sends requests with ``ask`` and raises
`Problem` if something is wrong.
"""

import secrets
from collections.abc import Callable, Hashable

import numpy as np

from vaelab.checks import ProbeError, RemoteTarget
from vaelab.checks.judge import (
    active_units,
    anomaly_score,
    effective_beta,
    fit_prior,
    kl_term,
    log_likelihood,
    log_weight,
    looks_healthy,
    make_conv_encoder,
    make_vae,
)
from vaelab.checks.judge.catalogue import BY_ID as MISTAKES
from vaelab.checks.judge.problem import NotBegun, Problem, T, printable, short
from vaelab.checks.judge.raised import meaning
from vaelab.checks.judge.reply import opened
from vaelab.checks.message import PROTOCOL
from vaelab.checks.points import BY_ID

FUNCTIONS = {
    **kl_term.CHECKS,
    **make_vae.CHECKS,
    **make_conv_encoder.CHECKS,
    **looks_healthy.CHECKS,
    **log_weight.CHECKS,
    **log_likelihood.CHECKS,
    **active_units.CHECKS,
    **effective_beta.CHECKS,
    **fit_prior.CHECKS,
    **anomaly_score.CHECKS,
}


class Ask:
    """Sends requests to one target and opens the replies.

    Calling it gives ``(json, arrays)`` of a good reply; everything else raises `Problem`.
    """

    def __init__(self, target: object, name: str):
        self.target, self.name = target, name

    def __call__(self, json: dict, arrays: dict) -> tuple[dict, dict]:
        """Ask the probe, beside the target."""
        return self._asked("probe", json, arrays)

    def replay(self, json: dict, arrays: dict) -> tuple[dict, dict]:
        """Have graphs run where no student's code has run."""
        return self._asked("replay", json, arrays)

    def once(self, what: Hashable, find: Callable[[], T]) -> T:
        """What `find` returns, or the Problem that it raises; not called again while the target's owner vouches that nothing has happened beside it."""
        remembered = self.target.remembered if isinstance(self.target, RemoteTarget) else None
        if remembered is None:
            return find()
        key = self.target.name, self.name, what  # two objects may be checked in turn, under names of their own
        if key not in remembered:
            try:
                remembered[key] = find(), None
            except Problem as problem:
                remembered[key] = None, problem
        found, problem = remembered[key]
        if problem is not None:
            raise problem
        return found

    def _asked(self, whom, json, arrays):
        request = {"json": {"protocol": PROTOCOL, **json}, "arrays": arrays}
        if isinstance(self.target, RemoteTarget):
            try:
                reply = getattr(self.target, whom)(request)
            except ProbeError as error:
                text, hint = short(str(error)), meaning("", str(error))
                if hint:
                    text = f"{text.rstrip('.')}. That is: {hint.meaning}."
                raise Problem(
                    text,
                    next_step=hint.next_step
                    if hint
                    else "Restart the kernel, run all cells, and look at the first error.",
                ) from None
        else:
            from vaelab.checks import replay
            from vaelab.checks.student import probe

            reply = probe.run(request, self.target) if whom == "probe" else replay.run(request)
        return opened(reply, self.name)


def judge(check_id: str, target: object, seed: int | None = None) -> dict:
    """Judge `target` by the check `check_id`.

    Parameters
    ----------
    check_id : str
        One of `vaelab.checks.points.BY_ID`; anything else is a ValueError.
    target : object or RemoteTarget
        The student's object, or where to find it.
    seed : int, optional
        Fresh if None.

    Returns
    -------
    dict
        Plain JSON: ``check``, ``passed``, ``status`` ("passed", "failed" or "not_done"),
        ``fraction`` of the ``points``, ``message``, ``got``, ``expected``, ``mistake`` and
        ``also`` (ids of the catalogue, or None), ``next_step``, ``taught``, ``link``, ``seed``.
    """
    if check_id not in BY_ID:
        raise ValueError(f"no check is called {check_id!r}; there are: {', '.join(BY_ID)}")
    seed = secrets.randbits(63) if seed is None else int(seed)
    listed = BY_ID[check_id]
    verdict = {
        "check": check_id,
        "passed": True,
        "status": "passed",
        "fraction": 1.0,
        "points": listed.points,
        "message": f"{listed.about[0].upper()}{listed.about[1:]}: all as it should be.",
        "got": None,
        "expected": None,
        "mistake": None,
        "also": None,
        "next_step": None,
        "taught": None,
        "link": None,
        "seed": seed,
    }
    try:
        with np.errstate(all="ignore"):  # wrong formulas overflow; a warning on stderr would cost points
            FUNCTIONS[check_id](np.random.default_rng(seed), Ask(target, check_id.split(".")[0]))
    except NotBegun as stub:
        verdict.update(
            passed=False,
            status="not_done",
            fraction=0.0,
            message=str(stub),
            next_step="Replace the line that raises NotImplementedError with your own.",
        )
    except Exception as error:
        # Whatever a hostile reply still manages to do to a check: it fails, the judge goes on.
        problem = (
            error
            if isinstance(error, Problem)
            else Problem(
                f"What came back could not be judged ({type(error).__name__}).",
                next_step="Run the cell again; if this stays, restart the kernel and tell your instructor.",
            )
        )
        mistake, also = MISTAKES.get(problem.mistake), MISTAKES.get(problem.also)
        message = problem.message
        if mistake:
            message = f"{message.rstrip('.')}: {mistake.message}"
        if also:
            message += f" A second thing as well: {also.message}"
        verdict.update(
            passed=False,
            status="failed",
            fraction=0.0,
            message=message,
            got=problem.got,
            expected=problem.expected,
            mistake=problem.mistake,
            also=problem.also,
            next_step=mistake.next_step if mistake else problem.next_step,
            taught=mistake.taught.words if mistake else None,
            link=mistake.taught.link if mistake else None,
        )
    # Names and types in it may be the student's; lone surrogates among them could not even be written to a file.
    return {key: printable(value) if isinstance(value, str) else value for key, value in verdict.items()}
