"""The judge of one submission: a process of its own, in a sandbox of its own.

It drives the student's kernel cell by cell and runs the test cells *here*, where no
student's code ever runs. In a test cell the names of the student's objects stand for
:class:`~autograde.kernel_client.KernelTarget`, so that ``check("kl_term.values", kl_term)``
sends inputs to the student's kernel and judges the numbers that come back. What it cannot
judge by numbers alone, it has replayed in a second kernel (:class:`~autograde.kernel_client.Replayer`).

As a program it takes the path of its order (JSON), reads events from standard input (see
:class:`~autograde.kernel_client.Kernel`), and writes one JSON document, the findings, to
standard output. In a warm sandbox, :func:`begin` does the same.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

import vaelab.checks
from autograde.kernel_client import READY, Ends, Kernel, KernelStopped, KernelTarget, Replayer, as_written
from autograde.testcell import parse_test
from vaelab.checks import CheckFailed
from vaelab.checks import judge as oracle


def run_test(source, kernel, replayer=None, errors=()):
    """Run a test cell against ``kernel``: ``(passed, verdicts)``, verdicts as the judge gave them; ``errors`` of cells before."""
    code, names = parse_test(source)
    verdicts = []

    def check(check_id, target, *, seed=None):
        verdict = oracle.judge(check_id, target, seed=seed)
        verdicts.append(verdict)
        if verdict["passed"] is not True:
            raise CheckFailed(verdict)

    vaelab.checks.check = check
    try:
        exec(code, {"check": check, **{name: KernelTarget(kernel, name, replayer, errors) for name in names}})
    except CheckFailed:
        return False, verdicts
    return bool(verdicts), verdicts


def judge(cells, kernel, replayer=None):
    """Run all cells; returns the findings (plain JSON). Never raises for what a student did."""
    findings = {"stopped": None, "cells": [], "checks": {}}
    errors = []  # (source, error)
    for cell in cells:
        started, outputs = time.monotonic(), []
        try:
            if kernel.stopped is None and cell["test"]:
                passed, verdicts = run_test(cell["source"], kernel, replayer, errors)
                # A verdict on a kernel that died under the check says less than that it died.
                if kernel.stopped is None:
                    findings["checks"][cell["grade_id"]] = {"passed": passed, "verdicts": verdicts}
            elif kernel.stopped is None:
                ran, _ = kernel.run(cell["source"])
                outputs = ran.items
                errors += [
                    (cell["source"], f"{o['ename']}: {o['evalue']}") for o in outputs if o["output_type"] == "error"
                ]
        except KernelStopped:
            pass
        if kernel.stopped is not None and findings["stopped"] is None:
            findings["stopped"] = {"cell": cell["id"], "why": kernel.stopped}
        findings["cells"].append(
            {"id": cell["id"], "outputs": outputs, "seconds": round(time.monotonic() - started, 3)}
        )
    findings["received"] = kernel.received
    return findings


def stages(cells, ran, probing):
    """Where the seconds went: the notebook's own cells, waiting for probes, and the judge itself."""
    spent = {True: 0.0, False: 0.0}
    for cell, run in zip(cells, ran):
        spent[cell["test"]] += run["seconds"]
    return {
        name: round(seconds, 3)
        for name, seconds in (("notebook", spent[False]), ("probe", probing), ("judge", spent[True] - probing))
    }


def main(order, findings_fd, events_fd):
    """Judge what the file ``order`` says; write the findings, hear of the kernels' ends."""
    order = json.loads(Path(order).read_text(encoding="utf-8"))
    ends = Ends(events_fd)
    kernel = Kernel(order["connection"], order["output_limit"], ends)
    with os.fdopen(findings_fd, "wb") as out:

        def say(line):
            out.write(line)
            out.flush()

        replayer = Replayer(order["replayer"], order["output_limit"], ends, say)
        with contextlib.suppress(KernelStopped):
            kernel.wait_until_ready()
            say(READY)
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
