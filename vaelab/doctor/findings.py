"""What a report is made of: findings, what was measured, what was not; and their words, which are the checks' own."""

from dataclasses import asdict, dataclass
from typing import Any

from vaelab.checks.judge.catalogue import BY_ID

FAULT, WARNING, NOTE = "fault", "warning", "note"
SEVERITIES = (FAULT, WARNING, NOTE)


@dataclass(frozen=True)
class Finding:
    """Something that was measured and is not as it should be, or worth to know.

    Attributes
    ----------
    severity : str
        "fault": the model does not train what it seems to; "warning": it does not if it was not meant so; "note".
    mistake : str or None
        The entry of the checks' catalogue, ``"kl.no_half"``.
    name : str
        In a few words.
    items : tuple of int
        Numbers of ``docs/misconceptions.md``.
    measured, expected : str
    line : str or None
        Where it is likely written, ``"vae.py:40: kl = …"``.
    lesson : str or None
        The section of the course that teaches it.
    """

    severity: str
    mistake: str | None
    name: str
    items: tuple[int, ...]
    measured: str
    expected: str
    line: str | None = None
    lesson: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "items": list(self.items)}


@dataclass(frozen=True)
class Examined:
    """Something that was measured: what, and the result in words."""

    what: str
    result: str


@dataclass(frozen=True)
class NotExamined:
    """Something that was not measured, why, and what to do."""

    what: str
    why: str


def finding(
    severity: str,
    mistake: str | None,
    measured: str,
    expected: str,
    name: str | None = None,
    line: str | None = None,
) -> Finding:
    """A finding with the words of the catalogue's entry, if it has one."""
    entry = BY_ID.get(mistake) if mistake else None
    return Finding(
        severity,
        mistake,
        name or (entry.name if entry else "not in the catalogue"),
        entry.items if entry else (),
        measured,
        expected,
        line,
        entry.taught.words if entry and entry.taught else None,
    )
