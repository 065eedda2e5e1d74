"""The judge of one submission: a process of its own, in a sandbox of its own.

It drives the student's kernel cell by cell and runs the checks of judged test cells *here*, where no
student's code ever runs; ordinary tests (:mod:`autograde.ordinary`) run in that kernel. The student's objects are names (:class:`~autograde.targets.KernelTarget`):
a check sends inputs to the student's kernel and judges the numbers that come back. What it cannot
judge by numbers alone, it has replayed in a second process (:mod:`autograde.replay_client`).

As a program it takes the path of its order (JSON), reads events from standard input (see
:class:`~autograde.kernel_client.Kernel`), and writes one JSON document, the findings, to
standard output. In a warm sandbox, :func:`begin` does the same.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict, TypeVar

from autograde import ordinary
from autograde.kernel_client import READY, Ends, Kernel, KernelStopped
from autograde.outputs import as_written
from autograde.replay_client import Replayer
from autograde.result import Finding, Findings, Verdict
from autograde.targets import KernelTarget, lay
from autograde.testcell import parse_test
from vaelab.checks import judge as oracle

T = TypeVar("T")


class OrderedCell(TypedDict):
    """A cell of code to run: a test, which the judge's process reads, or one for the student's kernel."""

    id: str
    grade_id: str | None
    test: bool
    source: str
    ordinary: dict | None


def run_test(
    source: str, kernel: Kernel, replayer: Replayer | None = None, errors: Sequence[tuple[str, str]] = ()
) -> Finding:
    """Run the checks of a test cell against ``kernel``, up to the first that fails.

    ``errors`` are ``(source, error)`` of the cells before that failed.
    """
    verdicts: list[Verdict] = []
    for check_id, name in parse_test(source):
        verdicts.append(oracle.judge(check_id, KernelTarget(kernel, name, replayer, errors)))
        if verdicts[-1]["passed"] is not True:
            return {"passed": False, "verdicts": verdicts}
    return {"passed": True, "verdicts": verdicts}


def _in_kernel(kernel: Kernel, action: Callable[..., T], *arguments: object) -> T:
    """What ``action`` gives, which runs code in the student's kernel. Whatever else comes of it is the student's: it stops it."""
    kernel.remembered.clear()
    try:
        return action(*arguments)
    except KernelStopped:
        raise
    except Exception as error:
        kernel.stopped = f"it sent what cannot be read ({type(error).__name__})"
        raise KernelStopped(kernel.stopped) from error


def judge(cells: Sequence[OrderedCell], kernel: Kernel, replayer: Replayer | None = None) -> Findings:
    """Run all cells; returns the findings. Never raises for what a student did."""
    findings: Findings = {"stopped": None, "cells": [], "checks": {}}
    errors: list[tuple[str, str]] = []  # (source, error)
    secret = False  # whether the kernel has had a hidden test in it
    for cell in cells:
        started, ran = time.monotonic(), None
        try:
            if kernel.stopped is None and cell["ordinary"]:
                test = cell["ordinary"]
                secret |= not test["shown"]
                found, ran = _in_kernel(kernel, ordinary.run, cell["source"], test["points"], kernel, not secret)
                findings["checks"][cell["grade_id"]] = found
            elif kernel.stopped is None and cell["test"]:
                found = run_test(cell["source"], kernel, replayer, errors)
                # A verdict on a kernel that died under the check says less than that it died.
                if kernel.stopped is None:
                    findings["checks"][cell["grade_id"]] = found
            elif kernel.stopped is None:
                ran, _ = _in_kernel(kernel, kernel.run, cell["source"])
                errors += [
                    (cell["source"], f"{o['ename']}: {o['evalue']}") for o in ran.items if o["output_type"] == "error"
                ]
        except KernelStopped:
            pass
        if kernel.stopped is not None and findings["stopped"] is None:
            findings["stopped"] = {"cell": cell["id"], "why": kernel.stopped}
        findings["cells"].append(
            {
                "id": cell["id"],
                "outputs": ran.items if ran else [],
                "malformed": ran is not None and ran.malformed,
                "late": ran is not None and ran.late,
                "seconds": round(time.monotonic() - started, 3),
            }
        )
    findings["received"] = kernel.received
    return findings


def stages(cells, ran, probing):
    """Where the seconds went: the notebook's own cells, waiting for probes, and the judge itself."""
    spent = {True: 0.0, False: 0.0}
    for cell, run in zip(cells, ran):
        spent[cell["test"] and not cell["ordinary"]] += run["seconds"]
    return {
        name: round(seconds, 3)
        for name, seconds in (("notebook", spent[False]), ("probe", probing), ("judge", spent[True] - probing))
    }


def main(order, findings_fd, events_fd):
    """Judge what the file ``order`` says; write the findings, hear of the kernels' ends."""
    order = json.loads(Path(order).read_text(encoding="utf-8"))
    ends = Ends(events_fd)
    kernel = Kernel(order["connection"], order["output_limit"], ends, cell_limit=order["cell_limit"])
    with os.fdopen(findings_fd, "wb") as out:

        def say(line):
            out.write(line)
            out.flush()

        replayer = Replayer(order["replays"], order["output_limit"], ends, say)
        with contextlib.suppress(KernelStopped):
            kernel.wait_until_ready()
            say(READY)
            if order.get("files"):
                lay(kernel, order["files"])
        findings = judge(order["cells"], kernel, replayer)
        kernel.close()
        replayer.close()
        findings["stages"] = stages(order["cells"], findings["cells"], kernel.probing)
        out.write(as_written(findings))


def begin(arguments, descriptors):
    """The same in a process forked by :mod:`autograde.isolation.forkserver`: events, findings, log of errors."""
    events, findings, log = descriptors
    os.dup2(log, 2)
    main(arguments["order"], findings, events)


if __name__ == "__main__":
    # Whatever is printed here by accident must not end up in the findings.
    findings = os.dup(1)
    os.dup2(2, 1)
    main(sys.argv[1], findings, sys.stdin.fileno())
