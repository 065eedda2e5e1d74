"""Which checks kill which mutants, and what is recognised: ``docs/kill_matrix.md``.

    python tools/kill_matrix.py               write the table (a quarter of an hour)
    python tools/kill_matrix.py --repeat 20   count false alarms: right answers, fresh inputs, N times
    python tools/kill_matrix.py --conditions  the same, once under each dtype policy with XLA on and off

Each may be limited by --exercise, and the last two by --variant: what was found so far is
kept in ``docs/kill_matrix.json``, tables are replaced and counts of false alarms add up.

Each file in ``tests/mutants/<exercise>/`` defines the function of the exercise wrongly;
its first line says what names the mistake (``# expects: id, id``: entries of the catalogue,
or wrong functions of a check of plain values, such as ``tally.ignores_case``; none for a
mistake without a name, which must still lose marks). Each file in
``tests/variants/<exercise>/`` is a right answer in another style.
"""

import argparse
import contextlib
import importlib.util
import itertools
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from vaelab.checks import judge, points

PROJECT = Path(__file__).resolve().parent.parent
#: Each exercise with answers in ``tests/variants/<exercise>/``, and its assignment.
EXERCISES = {
    name: check.assignment
    for check in points.CHECKS
    if (PROJECT / "tests" / "variants" / (name := check.id.partition(".")[0])).is_dir()
}
#: How a notebook may be set up: Keras's dtype policy, and whether XLA compiles.
CONDITIONS = tuple(itertools.product(("float32", "mixed_bfloat16", "mixed_float16"), (False, True)))
OUT = PROJECT / "docs" / "kill_matrix.md"


@contextlib.contextmanager
def notebook(policy, jit):
    """A notebook set up like this; yields a function that gives an answer as it is used there."""
    import keras

    compiled, before = keras.Model.compile, keras.config.dtype_policy()

    def compile_(self, *args, **kwargs):
        if "jit_compile" not in kwargs and not kwargs.get("run_eagerly"):
            kwargs["jit_compile"] = jit
        return compiled(self, *args, **kwargs)

    def used(answer):
        target = answer.load()
        return _compiled(target) if jit and answer.exercise == "kl_term" else target

    keras.Model.compile = compile_
    keras.config.set_dtype_policy(policy)
    try:
        yield used
    finally:
        keras.Model.compile = compiled
        keras.config.set_dtype_policy(before)


def _compiled(function, shapes=4):
    """A function of arrays that XLA compiles for the first shapes that it meets; each one takes a quarter of a second."""
    import tensorflow as tf

    compiled, met = tf.function(function, jit_compile=True), set()

    def used(*arrays):
        shape = tuple(tuple(array.shape) for array in arrays)
        if len(met) < shapes:
            met.add(shape)
        return (compiled if shape in met else function)(*arrays)

    return used


class Answer(NamedTuple):
    exercise: str
    path: Path
    expects: tuple  # ids of mistakes; empty if the mistake has no name

    @property
    def name(self):
        return self.path.stem

    def load(self):
        """The function of the exercise, from a fresh import of the file."""
        spec = importlib.util.spec_from_file_location(f"answer_{self.exercise}_{self.path.stem}", self.path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return getattr(module, self.exercise)


def answers(kind, exercise):
    """All "mutants" or "variants" of an exercise."""
    found = []
    for path in sorted((PROJECT / "tests" / kind / exercise).glob("*.py")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        expects = first.partition("# expects:")[2].replace(" ", "")
        found.append(Answer(exercise, path, tuple(filter(None, expects.split(",")))))
    return found


def verdicts(answer, seed):
    """``{check id: verdict}`` for all checks of the answer's exercise."""
    target = answer.load()
    return {check.id: judge.judge(check.id, target, seed=seed) for check in points.of_exercise(answer.exercise)}


def named(answer, found):
    """The verdict as a whole: is some check's diagnosis right, and none misleading?

    Right: the first mistake that a failing check names is one that the file expects. For
    a file that expects nothing, right means that nothing is named. A check that fails itself is never right.
    """
    if any("could not be judged" in v["message"] for v in found.values()):
        return False
    ids = {v["mistake"] for v in found.values() if v["mistake"]}
    return bool(ids) and ids <= set(answer.expects) if answer.expects else not ids


def table(exercise, seeds, pool):
    """Markdown for one exercise, and its counts. Judged with several seeds: points are not to be had by luck."""
    checks = points.of_exercise(exercise)
    mutants, variants = answers("mutants", exercise), answers("variants", exercise)
    jobs = list(itertools.product(mutants + variants, seeds))
    judged = {}
    for (answer, _), found in zip(jobs, pool.map(verdicts, *zip(*jobs))):
        judged.setdefault(answer, []).append(found)
    lines = [
        f"## {exercise}",
        "",
        f"{len(mutants)} mutants, {len(variants)} correct variants.",
        "",
        "| mutant | " + " | ".join(c.id.split(".")[1] for c in checks) + " | points | recognised as |",
        "|---" * (len(checks) + 3) + "|",
    ]
    count = {
        "mutants": len(mutants),
        "killed": 0,
        "named": 0,
        "steady": 0,
        "again": len(mutants) * (len(seeds) > 1),
        "variants": len(variants),
        "passed": 0,
    }
    for answer in mutants:
        passed = [[found[check.id]["passed"] for found in judged[answer]] for check in checks]
        lost = [v for found in judged[answer] for v in found.values() if not v["passed"]]
        count["killed"] += all(not all(p[i] for p in passed) for i in range(len(seeds)))
        count["named"] += (right := all(named(answer, found) for found in judged[answer]))
        count["steady"] += len(seeds) > 1 and all(len(set(p)) == 1 for p in passed)
        ids = list(dict.fromkeys(i for v in lost for i in (v["mistake"], v["also"]) if i))
        mark = "" if right else (" (expected: " + (", ".join(answer.expects) or "nothing") + ")")
        earned = sorted({sum(check.points for check, p in zip(checks, passed) if p[i]) for i in range(len(seeds))})
        lines.append(
            f"| {answer.name} | "
            + " | ".join("·" if all(p) else "BY LUCK" if any(p) else "killed" for p in passed)
            + f" | {' or '.join(map(str, earned))} of {sum(c.points for c in checks)} | {', '.join(ids) or 'not recognised'}{mark} |"
        )
    lines += [
        "",
        "| correct variant | " + " | ".join(c.id.split(".")[1] for c in checks) + " |",
        "|---" * (len(checks) + 1) + "|",
    ]
    for answer in variants:
        passed = [all(found[check.id]["passed"] for found in judged[answer]) for check in checks]
        count["passed"] += all(passed)
        lines.append(f"| {answer.name} | " + " | ".join("passed" if p else "FALSE ALARM" for p in passed) + " |")
    return "\n".join(lines), count


def repeat(chosen, times, conditions):
    """Judge right answers with fresh seeds; print and return the false alarms, and add to the counts."""
    alarms = []
    for answer in chosen:
        start, runs, before = time.perf_counter(), 0, len(alarms)
        for policy, jit in conditions:
            with notebook(policy, jit) as used:
                target = used(answer)
                for check, _ in itertools.product(points.of_exercise(answer.exercise), range(times)):
                    verdict = judge.judge(check.id, target)
                    runs += 1
                    if not verdict["passed"]:
                        alarms.append(
                            (answer.exercise, answer.name, policy, jit, check.id, verdict["seed"], verdict["message"])
                        )
                        print("FALSE ALARM", *alarms[-1], flush=True)
        print(f"{answer.exercise}/{answer.name}: {runs} checks, {time.perf_counter() - start:.0f} s", flush=True)
        with found() as state:
            what = "repeat" if len(conditions) == 1 else "conditions"
            entry = (
                state["alarms"]
                .setdefault(answer.exercise, {})
                .setdefault(answer.name, {})
                .setdefault(what, {"checks": 0, "alarms": 0})
            )
            entry["checks"] += runs
            entry["alarms"] += len(alarms) - before
    print(f"{len(alarms)} false alarms")
    return alarms


@contextlib.contextmanager
def found():
    """What was found so far, to be changed; both files are written afterwards."""
    file = OUT.with_suffix(".json")
    state = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"tables": {}, "alarms": {}}
    yield state
    file.write_text(json.dumps(state, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if state["tables"]:
        OUT.write_text(document(state), encoding="utf-8")


def false_alarms(alarms):
    """Markdown for what `repeat` has counted so far."""
    if not alarms:
        return []
    lines = [
        "## False alarms",
        "",
        "Right answers again and again, all checks, fresh inputs each time: `python tools/kill_matrix.py --repeat N`;",
        "and in notebooks with the dtype policies "
        + ", ".join(dict.fromkeys(f"`{policy}`" for policy, _ in CONDITIONS))
        + ", XLA on and off:",
        "`python tools/kill_matrix.py --conditions`. Batches of 1 and 7 images and latent spaces of 1, 2, 5 and 16",
        "dimensions are among the inputs of the checks themselves. Counted by these commands:",
        "",
        "| exercise | correct variants | checks, fresh inputs | false alarms | checks, policies and XLA | false alarms |",
        "|---|---|---|---|---|---|",
    ]
    for exercise, variants in sorted(alarms.items()):
        sums = [
            sum(v.get(what, {}).get(key, 0) for v in variants.values())
            for what in ("repeat", "conditions")
            for key in ("checks", "alarms")
        ]
        lines.append(f"| {exercise} | {len(variants)} | " + " | ".join(map(str, sums)) + " |")
    return ["\n".join(lines)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="run the correct variants N times with fresh seeds instead"
    )
    parser.add_argument("--conditions", action="store_true", help="run them once in each kind of notebook instead")
    parser.add_argument(
        "--variant", action="append", help="with --repeat or --conditions: only this one (may be repeated)"
    )
    parser.add_argument("--exercise", choices=EXERCISES, action="append", help="only this one (may be repeated)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="seeds of the table (default 1 2)")
    parser.add_argument(
        "--jobs", type=int, default=min(4, os.cpu_count() or 1), help="processes (default: one a core, at most 4)"
    )
    options = parser.parse_args()
    exercises = options.exercise or [e for e in EXERCISES if answers("variants", e)]
    if options.repeat or options.conditions:
        chosen = [
            a for e in exercises for a in answers("variants", e) if not options.variant or a.name in options.variant
        ]
        conditions = CONDITIONS if options.conditions else CONDITIONS[:1]
        raise SystemExit(1 if repeat(chosen, options.repeat or 1, conditions) else 0)
    for exercise in exercises:
        # New processes, not forks: TensorFlow does not survive a fork once it has run.
        with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
            text, count = table(exercise, options.seeds, pool)
        with found() as state:  # after each exercise: should the run be cut, this much is done
            state["tables"][exercise] = {"text": text.splitlines(), "count": count}
        print(exercise, count, flush=True)


def document(state):
    """The whole file: what it is, the totals, one section an exercise, then the false alarms."""
    tables = [state["tables"][exercise] for exercise in EXERCISES if exercise in state["tables"]]
    total = {
        key: sum(table["count"].get(key, 0) for table in tables)
        for key in ("mutants", "killed", "named", "steady", "again", "variants", "passed")
    }
    head = [
        "# Kill matrix",
        "",
        "Made by `make kill-matrix`; do not edit. Each wrong answer (mutant) against each check, and what the",
        "checks recognised; then the right answers in other styles, which must all pass. `·` means that a check",
        "passes: a mistake that leaves the shape right keeps the points for the shape. BY LUCK: with some inputs it",
        "passes, with others it does not.",
        "",
        f"{total['killed']} of {total['mutants']} mutants lose marks; {total['named']} are named correctly (or, where",
        f"the catalogue has no entry, left unnamed). Of {total['again']} that were judged on several inputs,",
        f"{total['steady']} earn the same points with all. {total['passed']} of {total['variants']} correct variants get full marks.",
    ]
    return (
        "\n\n".join(["\n".join(head), *("\n".join(table["text"]) for table in tables), *false_alarms(state["alarms"])])
        + "\n"
    )


if __name__ == "__main__":
    main()
