"""A faster test run judges as much as a slow one did: so many answers, attacks and damaged files there are at least."""

import ast

import pytest
from projects import PROJECT

TESTS = PROJECT / "tests"
#: Files in each folder when the tests were last made faster; more are welcome.
AT_LEAST = {
    "attacks/fill": 7,
    "attacks/forge": 57,
    "attacks/forge_a_graph": 15,
    "attacks/forge_rate": 6,
    "attacks/forge_weights": 8,
    "attacks/lie_about_time": 13,
    "attacks/lie_in_the_file": 29,
    "attacks/read": 22,
    "attacks/spoil": 11,
    "attacks/starve": 20,
    "attacks/survive": 8,
    "attacks/write": 15,
    "attacks/written": 40,
    "mutants/active_units": 22,
    "mutants/anomaly_score": 21,
    "mutants/effective_beta": 25,
    "mutants/fit_prior": 20,
    "mutants/kl_term": 89,
    "mutants/log_likelihood": 45,
    "mutants/log_weight": 65,
    "mutants/looks_healthy": 18,
    "mutants/make_conv_encoder": 112,
    "mutants/make_vae": 156,
    "variants/active_units": 12,
    "variants/anomaly_score": 11,
    "variants/effective_beta": 10,
    "variants/fit_prior": 11,
    "variants/kl_term": 31,
    "variants/log_likelihood": 16,
    "variants/log_weight": 16,
    "variants/looks_healthy": 14,
    "variants/make_conv_encoder": 54,
    "variants/make_vae": 33,
}
DAMAGED_FILES = 53


@pytest.mark.parametrize("folder", AT_LEAST)
def test_no_answer_and_no_attack_was_lost(folder):
    files = [
        path for path in (TESTS / folder).iterdir() if path.suffix in (".py", ".md")
    ]  # code; text of written answers
    assert len(files) >= AT_LEAST[folder]


def test_every_category_of_attacks_is_counted():
    categories = {f"attacks/{folder.name}" for folder in (TESTS / "attacks").iterdir() if folder.is_dir()}
    assert categories == {folder for folder in AT_LEAST if folder.startswith("attacks/")}


def test_no_damaged_file_was_lost():
    """Counted in the source: a table has an entry for each."""
    tables = [
        len(node.value.keys)
        for path in (TESTS / "autograde").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        if [getattr(target, "id", "") for target in node.targets] == ["DAMAGED"]
    ]
    assert sum(tables) >= DAMAGED_FILES
