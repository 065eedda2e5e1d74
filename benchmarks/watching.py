"""Does `watch` lose or repeat anything when it is killed, and how long does a student wait for the page?

    python benchmarks/watching.py --soak 200 [--kills 10]       about a second of processor time a hand-in, and ten for each kill
    python benchmarks/watching.py --latency 01_kl_term [--size 20] [--every 30]       SIZE x EVERY seconds; on an idle machine

``--soak``: so many hand-ins of 01_kl_term arrive in bursts, and the watcher is ended by SIGKILL at so many random moments and started
again. Then each must have been graded once, with the right mark in the gradebook, and have a page. ``--latency``: a hand-in every so
many seconds (one a minute for each of two cores: 30), and the time from its last byte to its page.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from grading import PROJECT, answers, points


def started(folder):
    """A watcher of ``folder``/inbox."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "autograde",
            "watch",
            str(folder / "inbox"),
            "--out",
            str(folder / "out"),
            "--pause",
            "1",
        ],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def hand_in(folder, student, name, text):
    """Put a notebook into the inbox; returns when."""
    path = folder / "inbox" / student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return time.monotonic()


def page(folder, student, name):
    return folder / "out" / "feedback" / student / name / f"{name}.html"


def stop(process):
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0, "Ctrl-C did not end it cleanly"


def soak(size, kills, seed):
    """What became of ``size`` hand-ins, the watcher being killed so many times."""
    name, rng = "01_kl_term", random.Random(seed)
    texts = answers(name)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "inbox").mkdir()
        students, process = [f"student{i:03}" for i in range(size)], started(folder)
        moments = sorted(rng.sample(range(1, size), kills))
        for i, student in enumerate(students):
            hand_in(folder, student, name, texts[i % len(texts)])
            if i in moments:
                # Not before there is something to lose: some of what has arrived is graded, and some is not.
                behind = rng.randrange(1, 8)
                while sum(page(folder, other, name).exists() for other in students[: i + 1]) <= i - behind:
                    time.sleep(0.05)
                time.sleep(rng.random())
                process.kill()
                process.wait()
                print(f"killed after {i + 1} hand-ins", flush=True)
                process = started(folder)
        while not all(page(folder, student, name).exists() for student in students):
            assert process.poll() is None, "the watcher has ended"
            time.sleep(0.5)
        stop(process)
        lines = [
            json.loads(line) for line in (folder / "out" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        ]
        graded = Counter(line["student"] for line in lines if line["state"] == "done")
        last = {line["student"]: line["state"] for line in lines}
        marks = points(folder / "out" / "gradebook.db")
        return {
            "hand-ins": size,
            "kills": kills,
            "graded once": sum(count == 1 for count in graded.values()),
            "graded more than once": sum(count > 1 for count in graded.values()),
            "begun again after a kill": sum(line["state"] == "running" for line in lines) - size,
            "recorded": sum(state == "recorded" for state in last.values()),
            "right marks": sum((marks.get(s) == max(marks.values())) == (i % 4 != 3) for i, s in enumerate(students)),
        }


def latency(name, size, every):
    """Seconds from a hand-in to its page: the median, and what 95 of 100 stay below."""
    texts, waited = answers(name), []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "inbox").mkdir()
        process = started(folder)
        for i in range(-1, size):  # the first finds the start of everything still under way, and does not count
            handed_in = hand_in(folder, f"student{i + 1:03}", name, texts[i % len(texts)])
            while not (there := page(folder, f"student{i + 1:03}", name)).exists():
                assert process.poll() is None, "the watcher has ended"
                time.sleep(0.02)
            if i >= 0:
                waited.append(time.monotonic() - handed_in)
                print(f"{there.parts[-3]}: {waited[-1]:.2f} s", flush=True)
            time.sleep(max(0.0, handed_in + every - time.monotonic()))
        stop(process)
    return {
        "assignment": name,
        "median": np.median(waited).round(2),
        "p95": np.quantile(waited, 0.95).round(2),
        "every": every,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soak", type=int, metavar="HAND_INS")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", metavar="ASSIGNMENT")
    parser.add_argument("--size", type=int, default=20)
    parser.add_argument("--every", type=float, default=30.0)
    options = parser.parse_args()
    if options.soak:
        print(soak(options.soak, options.kills, options.seed))
    if options.latency:
        print(latency(options.latency, options.size, options.every))


if __name__ == "__main__":
    main()
