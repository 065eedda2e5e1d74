"""What a student waits for: seconds that all checks of an exercise take, once TensorFlow is imported.

    python benchmarks/checks.py               seconds for each exercise and check

Each run is a fresh process, and its first checks are what counts: later ones find
TensorFlow warm. The answers are right ones, in the style of the course.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from table import Row

HERE = Path(__file__).resolve().parent
#: A right answer of each exercise, by its name in tests/variants.
ANSWERS = {
    "kl_term": "ops",
    "make_vae": "course",
    "make_conv_encoder": "strides",
    "looks_healthy": "formula",
    "log_weight": "course",
    "log_likelihood": "course",
    "active_units": "numpy",
    "effective_beta": "numpy",
    "fit_prior": "kmeans",
    "anomaly_score": "relative_error",
}
#: Seconds that the checks of one exercise may take together.
ALLOWED = 2.0


def once(exercise):
    """``{check id: seconds}`` in this process, by the judge as the notebook calls it."""
    # Imported before the clock starts, as in the first cells of the notebooks.
    import keras  # noqa: F401

    import vaelab.checks.student.specimens  # noqa: F401
    from vaelab.checks import judge, points

    path = HERE.parent / "tests" / "variants" / exercise / f"{ANSWERS[exercise]}.py"
    spec = importlib.util.spec_from_file_location("answer", path)
    answer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(answer)
    seconds = {}
    for check in points.of_exercise(exercise):
        start = time.perf_counter()
        verdict = judge.judge(check.id, getattr(answer, exercise))
        seconds[check.id] = time.perf_counter() - start
        if not verdict["passed"]:
            raise SystemExit(f"{check.id} fails a right answer (seed {verdict['seed']}): {verdict['message']}")
    return seconds


def runs(exercise, repeats):
    """`once` in fresh processes, one after the other."""
    found = []
    for _ in range(repeats):
        done = subprocess.run([sys.executable, __file__, "--once", exercise], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def measure(repeats=5):
    """One row an exercise: the time allowed against the time that its checks take."""
    rows = []
    for exercise in ANSWERS:
        found = runs(exercise, repeats)
        rows.append(
            Row(
                name=f"all checks of {exercise}, first run after TensorFlow is imported",
                baseline_name="allowed",
                unit="s",
                baseline=[ALLOWED] * repeats,
                ours=[sum(run.values()) for run in found],
                promise=1.0,
                details={check: [run[check] for run in found] for check in found[0]},
            )
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="fresh processes for each exercise (default 5)")
    parser.add_argument("--once", choices=ANSWERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(once(options.once)))
        return
    for row in measure(options.repeats):
        print(
            f"{statistics.median(row.ours):6.2f} s  {row.name}  (of {options.repeats}: {min(row.ours):.2f} to {max(row.ours):.2f})"
        )
        for check, seconds in row.details.items():
            print(f"{statistics.median(seconds):10.2f} s  {check}")


if __name__ == "__main__":
    main()
