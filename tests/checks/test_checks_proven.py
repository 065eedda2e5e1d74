"""The checks are proven: wrong answers lose marks and are named, right ones pass, whatever is drawn."""

import re
from pathlib import Path

import kill_matrix
import pytest
from answers import MUTANTS, VARIANTS, about_answer, about_exercise, label
from projects import PROJECT

from vaelab.checks import RemoteTarget, judge, points, replay
from vaelab.checks.judge.catalogue import BY_ID, CATALOGUE
from vaelab.checks.student import probe

#: Items of the collected list that cannot occur in an exercise: the student has no such code to write.
#: 39 (trained on train and test) is about the data that the notebook passes to fit.
NOT_IN_AN_EXERCISE = {39}


#: Each right answer with one kind of notebook, in turn; `tools/kill_matrix.py --conditions` runs each in all of them.
IN_TURN = [(answer, kill_matrix.CONDITIONS[i % len(kill_matrix.CONDITIONS)]) for i, answer in enumerate(VARIANTS)]


def judged(answer, seed, target=None):
    """The first verdict that fails, in the order of the test cells; None if all pass."""
    target = target or answer.load()
    for check in points.of_exercise(answer.exercise):
        verdict = judge.judge(check.id, target, seed=seed)
        if not verdict["passed"]:
            return verdict
    return None


@pytest.mark.proof(about=about_answer)
@pytest.mark.parametrize("answer", MUTANTS, ids=label)
def test_a_wrong_answer_loses_marks_and_is_named_or_honestly_not(answer):
    verdict = judged(answer, seed=20)
    assert verdict is not None, "every check passes"
    assert "could not be judged" not in verdict["message"], verdict["message"]
    said = f"named {verdict['mistake']}, expected {' or '.join(answer.expects) or 'no name'}: {verdict['message']}"
    assert (verdict["mistake"] in answer.expects) if answer.expects else verdict["mistake"] is None, said


@pytest.mark.proof(about=about_answer)
@pytest.mark.parametrize("answer, condition", IN_TURN, ids=[label(a) for a in VARIANTS])
def test_a_right_answer_in_another_style_gets_full_marks_in_any_notebook(answer, condition):
    with kill_matrix.notebook(*condition) as used:
        verdict = judged(answer, seed=None, target=used(answer))
    assert verdict is None, f"{verdict['check']}, seed {verdict['seed']}: {verdict['message']}"


class Recorder(RemoteTarget):
    """Carries requests to a real answer and keeps the sizes that they ask for."""

    def __init__(self, target):
        super().__init__("recorder")
        self.target, self.batches, self.latent_dims = target, set(), set()

    def probe(self, request):
        json, arrays = request["json"], request["arrays"]
        for case in json.get("cases", []):
            batch, latent_dim = arrays[case["args"][0]].shape
            self.batches.add(batch), self.latent_dims.add(latent_dim)
        if "build" in json:
            self.latent_dims.add(json["build"]["latent_dim"])
        self.batches.update(wanted["shape"][0] for wanted in json.get("traces", []))
        for step in json.get("steps", []):
            names = step["x"] if isinstance(step["x"], list) else [step["x"]]
            for count in (len(arrays[name]) for name in names):
                size = step.get("batch_size", count)
                self.batches.update(size for _ in range(count // size))
                self.batches.update([count % size] if count % size else [])
        if "args" in json:
            self.latent_dims.add(json["args"][3])
        return probe.run(request, self.target)

    def replay(self, request):
        return replay.run(request)


@pytest.mark.proof(about=about_exercise)
@pytest.mark.parametrize("exercise", ["kl_term", "make_vae", "make_conv_encoder"])
def test_the_checks_of_each_exercise_use_small_and_large_batches_and_latent_spaces(exercise):
    answer = next(a for a in VARIANTS if a.exercise == exercise and a.name in ("ops", "course", "strides"))
    recorder = Recorder(answer.load())
    for seed in range(1 if exercise != "make_conv_encoder" else 8):  # which draws one other size each time
        assert judged(answer, seed=seed, target=recorder) is None
    # An encoder of one latent dimension would hide a head that has a fixed size; most of its checks share graphs of nine images.
    smallest, some = (1, 7) if exercise != "make_conv_encoder" else (3, 9)
    assert {1, some} <= recorder.batches and {smallest, 2, 5, 16} <= recorder.latent_dims


@pytest.mark.proof(about=lambda: about_exercise("kl_term"))
def test_no_false_alarm_in_200_repetitions_of_the_kl_checks():
    target = next(a for a in VARIANTS if label(a) == "kl_term/ops").load()
    for check in points.of("01_kl_term"):
        alarms = [v for v in (judge.judge(check.id, target) for _ in range(200)) if not v["passed"]]
        assert not alarms, alarms[0]


def test_each_item_of_the_list_that_can_occur_in_an_exercise_is_in_the_catalogue():
    items = {item for mistake in CATALOGUE for item in mistake.items}
    assert items == set(range(1, 51)) - NOT_IN_AN_EXERCISE


def test_the_list_that_entries_cite_has_each_number_once_and_in_order():
    text = (PROJECT / "docs" / "misconceptions.md").read_text(encoding="utf-8")
    assert [int(number) for number in re.findall(r"^(\d+)\. ", text, flags=re.MULTILINE)] == list(range(1, 51))


def test_each_numbered_entry_has_two_mutants_in_different_styles():
    expected = [i for answer in MUTANTS for i in answer.expects]
    per_item = {
        item: sum(expected.count(m.id) for m in CATALOGUE if item in m.items) for m in CATALOGUE for item in m.items
    }
    assert {item: n for item, n in per_item.items() if n < 2} == {}


def test_each_exercise_has_at_least_ten_right_answers():
    for exercise in kill_matrix.EXERCISES:
        assert len(kill_matrix.answers("variants", exercise)) >= 10


def test_each_entry_points_to_a_section_that_exists():
    solutions = Path(__file__).resolve().parents[2] / "solutions"
    for section in {m.taught for m in CATALOGUE}:
        notebook = solutions / section.assignment / f"{section.assignment}.py"
        assert f"\n# ## {section.heading}\n" in notebook.read_text(encoding="utf-8"), section


def test_mutants_expect_entries_that_exist():
    """A check of plain values has mistakes of its own, ``tally.ignores_case``; that they exist is seen when they are named."""
    assert [
        (a.name, i) for a in MUTANTS for i in a.expects if i not in BY_ID and not i.startswith(f"{a.exercise}.")
    ] == []


def test_each_folder_of_answers_belongs_to_an_exercise_with_right_answers():
    folders = {
        path.parent.name for kind in ("mutants", "variants") for path in (PROJECT / "tests" / kind).glob("*/*.py")
    }
    assert folders == set(kill_matrix.EXERCISES)


def test_no_two_entries_say_the_same():
    messages = [m.message for m in CATALOGUE]
    assert len(set(messages)) == len(messages) and len(BY_ID) == len(CATALOGUE)


def test_messages_give_no_formula_away():
    for mistake in CATALOGUE:
        said = mistake.message + mistake.next_step
        assert not any(code in said for code in ("ops.", "tf.", "**", "0.5 *", "axis=-1", "square("))


def test_no_wrong_answer_gets_most_of_the_marks_for_values_that_are_all_wrong():
    """Partial credit: a wrong formula keeps at most half of the points."""
    for name in ("no_half__ops", "mean_over_dims__tf", "std_for_variance__ops", "reversed__ops", "log_std__tf"):
        answer = next(a for a in MUTANTS if a.exercise == "kl_term" and a.name == name)
        found = kill_matrix.verdicts(answer, seed=4)
        assert sum(v["points"] for v in found.values() if v["passed"]) <= 5


def test_a_nearly_right_answer_gets_nearly_full_marks():
    answer = next(a for a in MUTANTS if a.name == "unnamed__hard_clip")
    found = kill_matrix.verdicts(answer, seed=4)
    assert sum(v["points"] for v in found.values() if v["passed"]) == 9


@pytest.mark.proof(about=lambda: about_exercise("make_vae"))
def test_a_gradient_that_is_a_hundredth_off_is_not_called_a_weighting_of_the_loss():
    answer = next(a for a in MUTANTS if a.name == "unnamed__number_in_the_logarithm")
    verdict = judge.judge("make_vae.gradients", answer.load(), seed=0)
    assert not verdict["passed"] and verdict["mistake"] is None, verdict["message"]
