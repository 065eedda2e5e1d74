"""Published styles of VAEs, right and with planted faults: what the doctor says of each. A style is a file in models/."""

import pictures
import proofs
import pytest
from pictures import MODELS

STYLES = sorted(path.stem for path in MODELS.glob("*.py"))
PLANTED = [(name, fault) for name in STYLES for fault in pictures.style(name).FAULTS]


def about(style):
    doctor_files = ("vaelab/doctor", "vaelab/checks/judge", "vaelab/evidence", "tests/doctor/pictures.py")
    return [*proofs.of(*doctor_files)(), MODELS / f"{style}.py"]


@pytest.mark.proof(about=about)
@pytest.mark.parametrize("style", STYLES)
def test_a_right_model_has_no_finding_above_a_note_and_its_own_beta(style):
    report, module = pictures.examined(style), pictures.style(style)
    assert [f for f in report.findings if f.severity != "note"] == [], str(report)
    assert report.effective_beta == pytest.approx(module.BETA, rel=0.02)
    if hasattr(module, "SIGMA2"):
        assert report.numbers["sigma2"] == pytest.approx(module.SIGMA2, rel=0.02)
    assert {"z_mean", "z_log_var", "z", "x_decoded"} <= {e.what for e in report.examined}


@pytest.mark.proof(about=about)
@pytest.mark.parametrize("style, fault", PLANTED)
def test_a_planted_fault_is_named(style, fault):
    report = pictures.examined(style, fault)
    assert pictures.style(style).FAULTS[fault] in [f.mistake for f in report.findings], str(report)
