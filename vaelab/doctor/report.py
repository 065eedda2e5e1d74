"""The report: one page in a notebook, plain text elsewhere, JSON for programs."""

import html
import json
import textwrap
from typing import Any

from vaelab.doctor.findings import FAULT, NOTE, SEVERITIES, WARNING, Examined, Finding, NotExamined

# Okabe-Ito vermilion, orange, sky blue: borders only; words and symbols say the same.
_COLOURS = {FAULT: "#d55e00", WARNING: "#e69f00", NOTE: "#56b4e9"}
_SYMBOLS = {FAULT: "✗ Fault", WARNING: "! Warning", NOTE: "· Note"}


class Report:
    """What was found out about a model.

    Attributes
    ----------
    model : str
        Name and class.
    findings : list of Finding
        Faults first.
    examined : list of Examined
    not_examined : list of NotExamined
    numbers : dict
        ``effective_beta``, ``reconstruction``, ``sigma2``, ``latent_dim``, …: what was measured, in nats where it has a unit.
    """

    def __init__(self, model: str):
        self.model = model
        self.findings: list[Finding] = []
        self.examined: list[Examined] = []
        self.not_examined: list[NotExamined] = []
        self.numbers: dict[str, Any] = {}

    @property
    def effective_beta(self) -> float | None:
        """The weight of the KL relative to a reconstruction summed over pixels; None where it was not measured or depends on the batch."""
        return self.numbers.get("effective_beta")

    @property
    def worst(self) -> str | None:
        """The highest severity among the findings; None without any."""
        return self.findings[0].severity if self.findings else None

    def sort(self) -> None:
        """Put faults first; findings of one severity stay in the order in which they were made."""
        self.findings.sort(key=lambda f: SEVERITIES.index(f.severity))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dictionaries, numbers and strings."""
        return {
            "model": self.model,
            "numbers": self.numbers,
            "findings": [f.to_dict() for f in self.findings],
            "examined": [vars(e) for e in self.examined],
            "not_examined": [vars(e) for e in self.not_examined],
        }

    def to_json(self) -> str:
        """`to_dict` as text; what is not finite is written as a string, which every reader of JSON accepts."""
        return json.dumps(_finite(self.to_dict()), indent=2, ensure_ascii=False)

    def headline(self) -> str:
        """How many findings of which severity, in a sentence."""
        counts = [(s, sum(f.severity == s for f in self.findings)) for s in SEVERITIES]
        words = [f"{n} {s}{'s' * (n > 1)}" for s, n in counts if n]
        if not self.examined:
            return "Nothing could be examined." if not words else f"{', '.join(words)}; little could be examined."
        return f"{', '.join(words)}." if words else "Nothing was found to be wrong in what was examined."

    def __str__(self) -> str:
        out = [f"{self.model}: {self.headline()}"]
        for f in self.findings:
            out += ["", f"{_SYMBOLS[f.severity]}: {_title(f)}"]
            out += [_wrapped(f"{label}: {text}") for label, text in _rows(f)]
        for title, rows in self._lists():
            out += ["", title] + [_wrapped(f"{a}: {b}") for a, b in rows]
        return "\n".join(out)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(
            [
                '<section aria-label="Examination of a VAE" style="max-width:46em;line-height:1.5;overflow-wrap:anywhere">',
                f"<div><b>{html.escape(self.model)}</b></div><div>{html.escape(self.headline())}</div>",
                *(_finding_html(f) for f in self.findings),
                *(
                    f"<details{' open' if title.startswith('Not') else ''}><summary>{html.escape(title)}</summary>"
                    + "".join(f"<div><b>{html.escape(a)}:</b> {html.escape(b)}</div>" for a, b in rows)
                    + "</details>"
                    for title, rows in self._lists()
                ),
                "</section>",
            ]
        )

    def _lists(self):
        if self.examined:
            yield "Examined", [(e.what, e.result) for e in self.examined]
        if self.not_examined:
            yield "Not examined", [(e.what, e.why) for e in self.not_examined]


def _title(f):
    items = (
        f" (item{'s' * (len(f.items) > 1)} {', '.join(map(str, f.items))} of docs/misconceptions.md)" if f.items else ""
    )
    return f"{f.name}{items}"


def _rows(f):
    rows = (("Measured", f.measured), ("Expected", f.expected), ("Likely line", f.line), ("Taught in", f.lesson))
    return [(label, text) for label, text in rows if text]


def _finding_html(f):
    rows = "".join(f"<div><b>{label}:</b> {_text(label, text)}</div>" for label, text in _rows(f))
    return (
        f'<div style="border-left:6px solid {_COLOURS[f.severity]};padding:.3em .8em;margin:.5em 0">'
        f"<div><b>{_SYMBOLS[f.severity]}</b> · {html.escape(_title(f))}</div>{rows}</div>"
    )


def _text(label, text):
    escaped = html.escape(text)
    return f"<code>{escaped}</code>" if label == "Likely line" else escaped


def _wrapped(text):
    return textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def _finite(value):
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value
