"""A faster test run judges as much as a slow one did: so many answers, attacks and damaged files there are at least."""

import ast

import pytest
from projects import PROJECT

TESTS = PROJECT / "tests"
#: Files in each folder when proofs were first kept from one run to the next; more are welcome.
AT_LEAST = {
    "attacks/fill": 7,
    "attacks/forge": 56,
    "attacks/forge_a_graph": 10,
    "attacks/lie_about_time": 13,
    "attacks/lie_in_the_file": 21,
    "attacks/read": 20,
    "attacks/starve": 20,
    "attacks/survive": 8,
    "attacks/write": 15,
    "mutants/kl_term": 71,
    "mutants/looks_healthy": 12,
    "mutants/make_conv_encoder": 61,
    "mutants/make_vae": 110,
    "variants/kl_term": 19,
    "variants/looks_healthy": 10,
    "variants/make_conv_encoder": 26,
    "variants/make_vae": 23,
}
DAMAGED_FILES = 53


@pytest.mark.parametrize("folder", AT_LEAST)
def test_no_answer_and_no_attack_was_lost(folder):
    assert len(list((TESTS / folder).glob("*.py"))) >= AT_LEAST[folder]


def test_no_damaged_file_was_lost():
    """Counted in the source of the test that restores them: its table has an entry for each."""
    tables = [
        len(node.value.keys)
        for path in (TESTS / "autograde").glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        if [getattr(target, "id", "") for target in node.targets] == ["DAMAGED"]
    ]
    assert sum(tables) >= DAMAGED_FILES
