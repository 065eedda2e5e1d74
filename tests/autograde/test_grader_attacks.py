"""The attack corpus: no undeserved point, and no silence about it.

The files are in ``tests/attacks/CATEGORY/``. Those of ``forge`` stand in the solution
cell, and those of ``forge_a_graph`` in that of an assignment whose answer the judge cannot
recompute; those of ``lie_in_the_file`` change the submitted file, and some of ``lie_about_time`` its date. What becomes of an attack,
where attacks of a category differ in that, is said by a line of its own file, which CONTRIBUTING.md lists. All hostile code runs in the
grader's sandbox. With ``AUTOGRADE_SANDBOX=landlock``, that is the second sandbox.
"""

import json
import os
import runpy
from pathlib import Path

import nbformat
import pytest
from attacking import STAMPS, about, attacks, marked, source
from grading_helpers import ATTACKS, RIGHT, answered, as_bytes, encoder_graded, mini, points

from autograde import intake, job, outputs
from autograde.isolation.limits import Limits

WRONG = "def kl_term(z_mean, z_log_var):\n    return None\n"

# --- forgeries and lies: through the whole of a job ----------------------------------------


def is_noted(result, category, name):
    """Whether the instructor is told of an attack what its file says in ``# noted: …``."""
    noted = marked("noted", category, name)
    return not noted or any(noted in text for _, text in result["notes"])


def grade(data, seconds=60):
    return job.grade(job.Job("mallory", mini(), data, Limits(seconds=seconds)))


@pytest.mark.sandbox
@pytest.mark.proof(about=about("forge"))
@pytest.mark.parametrize("name", attacks("forge"))
def test_forgery_earns_nothing_and_is_explained(name):
    result, _ = grade(as_bytes(answered(source("forge", name))))
    assert points(result) == dict.fromkeys(points(result), 0.0)
    assert result["max_score"] == 8
    for check in result["checks"]:
        assert check["reason"] or check["verdicts"][-1]["message"]
    assert not Path("/tmp/EFFECT_pickle").exists()


@pytest.mark.sandbox
@pytest.mark.proof(about=about("forge_a_graph"))
@pytest.mark.parametrize("name", attacks("forge_a_graph"))
def test_a_forged_graph_earns_what_the_graph_itself_is_worth(name):
    """Nothing, but for those that say what they ``deserve``: what their layers get if they are handed in openly."""
    limits = Limits(seconds=float(marked("seconds", "forge_a_graph", name) or 240))
    result, notebook = encoder_graded(source("forge_a_graph", name), limits)
    deserved = marked("deserves", "forge_a_graph", name).split()
    earned = {check["grade_id"].rpartition("_")[2]: check["passed"] for check in result["checks"]}
    assert [about for about, passed in earned.items() if passed] == deserved
    for check in result["checks"]:
        assert check["reason"] or check["verdicts"][-1]["message"]
        assert not check["verdicts"] or "could not be judged" not in check["verdicts"][-1]["message"]
    assert "EFFECT" not in json.dumps([cell.get("outputs") for cell in json.loads(notebook)["cells"]])
    assert not Path("/tmp/EFFECT_graph").exists()


@pytest.mark.sandbox
@pytest.mark.proof(about=about("lie_in_the_file"))
@pytest.mark.parametrize("name", attacks("lie_in_the_file"))
def test_lie_in_the_file_earns_nothing_changes_no_maximum_and_is_flagged(name):
    submitted = answered(WRONG)
    written = runpy.run_path(str(ATTACKS / "lie_in_the_file" / f"{name}.py"))["forge"](submitted)
    result, notebook = grade(written or as_bytes(submitted))  # a lie that JSON's writer would not write is in bytes
    assert points(result) == {"test_kl_term_shape": 0.0, "test_kl_term_values": 0.0, "test_kl_term_properties": 0.0}
    assert [check["max_points"] for check in result["checks"]] == [1, 3, 2]
    assert "<script>alert('EFFECT')" not in notebook and '"text/html"' not in notebook
    assert "javascript:alert" not in notebook and "svg" not in notebook and '"image/png"' not in notebook
    assert is_noted(result, "lie_in_the_file", name)


# --- spoiling: what an honest answer earned stays, whatever its notebook sends besides -----


@pytest.mark.sandbox
@pytest.mark.proof(about=about("spoil"))
@pytest.mark.parametrize("name", attacks("spoil"))
def test_what_spoils_a_notebook_is_left_out_and_the_mark_stays(name):
    result, text = grade(as_bytes(answered(RIGHT, extra=[source("spoil", name)])))
    assert result["score"] == 6 and result["status"] == "graded"
    text.encode()
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    data = [item for output in shown for item in output.get("data", {}).items()]
    assert all(kind == "text/plain" or outputs.is_picture(kind, picture) for kind, picture in data)
    assert len(shown) <= outputs.KEEP_OUTPUTS + 10 and len(text) < 2 * outputs.KEEP_ALL
    assert is_noted(result, "spoil", name)


# --- lying about time -----------------------------------------------------------------------


@pytest.mark.parametrize("name", STAMPS)
def test_a_false_date_is_ignored_and_flagged(name, tmp_path):
    lie = runpy.run_path(str(ATTACKS / "lie_about_time" / f"{name}.py"))
    for student, stamp in (("ada", b"2026-03-01 10:00:00.000000 UTC"), ("mallory", lie["STAMP"])):
        folder = tmp_path / "class" / student / "mini"
        folder.mkdir(parents=True)
        (folder / "mini.ipynb").write_bytes(as_bytes(answered(WRONG)))
        if stamp is not None:
            (folder / "timestamp.txt").write_bytes(stamp)
    if "MODIFIED" in lie:
        os.utime(folder / "mini.ipynb", (lie["MODIFIED"],) * 2)
    found = {s.student: s for s in intake.collect(tmp_path / "class", {"mini": mini()}).submissions}
    assert found["ada"].timestamp is not None and found["ada"].notes == []
    assert found["mallory"].timestamp is None and not found["mallory"].late
    assert lie["FLAG"] is None or lie["FLAG"] in found["mallory"].notes[0][1]
