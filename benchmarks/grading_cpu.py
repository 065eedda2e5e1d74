"""How much of the processors' time does a submission take, and where does it go?

    python benchmarks/grading_cpu.py [--assignment 02_vae …] [--size 8]

Seconds of user and system time, which other programs on the machine change little: what is given is the difference between two
classes, of ``--size`` and of twice as many submissions, so that the start of a run is not in it. By part:

``reader``, ``kernel``, ``judge``, ``replayer``
    the sandboxed processes of a submission, until they are ended;
``grader``
    the process that starts and watches them, and writes results and gradebook;
``forks``
    the fork servers themselves.

Not in it: what it takes to end a process and give back its pages, of which no process is left to tell.

It works in older versions of this project, too: copy it there and run it there.
"""

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # of the tree that this file lies in

from grading import ANSWERS, hand_in

PARTS = ("reader", "kernel", "judge", "replayer", "grader", "forks")


def spent(pid, with_ended=True):
    """Seconds of processor time of a process and of its children that have ended."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return sum(times[: 4 if with_ended else 2])  # user and system, of the process and of its children


def grade(folder, name):
    """In a process of its own: grade a class, one submission at a time; seconds by part as JSON on the last line."""
    from autograde import launch
    from autograde.isolation import pool
    from autograde.isolation.watch import processes
    from autograde.pipeline import Settings, run

    logging.disable(logging.INFO)
    parts, roles = Counter(), {}
    start_trusted, end = launch.start_trusted, launch.end

    def tagged(start, role):
        def started(first, *rest):
            found = start(first, *rest)
            roles[id(found[0])] = role(first)
            return found

        return started

    def ended(process):
        parts[roles.pop(id(process))] += sum(map(spent, processes(process.pid)))
        end(process)

    # Older versions start both kinds of kernel by one function, which is told the role.
    launch.start_kernel = tagged(launch.start_kernel, lambda first: first if isinstance(first, str) else "kernel")
    if hasattr(launch, "start_replayer"):
        launch.start_replayer = tagged(launch.start_replayer, lambda server: "replayer")
    launch.start_trusted = tagged(start_trusted, lambda module: module.rpartition(".")[2].partition("_")[0])
    launch.end = ended
    summary = run(Settings(folder / "submitted", folder / "out", only=name, workers=1), say=lambda text: None)
    assert not summary.failed and not summary.unrecorded, (summary.failed, summary.unrecorded)
    servers = [pid for server in pool._nurseries.of.values() for pid in processes(server.process.pid)]
    parts["forks"] = sum(spent(pid, with_ended=False) for pid in servers)
    print("\n" + json.dumps({**parts, "grader": time.process_time()}))


def total(name, size):
    """Seconds of processor time that a class takes, by part, with the start of everything."""
    with tempfile.TemporaryDirectory() as folder:
        hand_in(Path(folder) / "submitted", name, size)
        done = subprocess.run(
            [sys.executable, __file__, "--in", folder, "--assignment", name], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"grading failed:\n{done.stderr[-3000:]}")
    return Counter(json.loads(done.stdout.splitlines()[-1]))


def a_submission(name, size):
    """Seconds of processor time of one more submission, by part and in all."""
    small, large = total(name, size), total(name, 2 * size)
    found = {part: (large[part] - small[part]) / size for part in PARTS}
    return found | {"all": sum(found.values())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", choices=ANSWERS, nargs="+", default=list(ANSWERS))
    parser.add_argument("--size", type=int, default=8, help="a multiple of 4, for there are four answers")
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        return grade(options.folder, options.assignment[0])
    print("| assignment | " + " | ".join((*PARTS, "all")) + " |\n" + "|---" * (len(PARTS) + 2) + "|")
    for name in options.assignment:
        found = a_submission(name, options.size)
        print(f"| {name} | " + " | ".join(f"{found[part]:.3f}" for part in found) + " |", flush=True)


if __name__ == "__main__":
    main()
