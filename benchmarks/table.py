"""What every benchmark hands over: rows of a table, each a ratio against a baseline of the same run."""

import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """One comparison. ``baseline`` and ``ours`` are repeated measurements in the same unit.

    ``higher_is_better`` says which way the ratio goes: it is above 1 when ours is better.
    ``promise`` is the least ratio that the project promises (None: nothing is promised), and
    ``details`` whatever a reader of the JSON file may want, such as the figures of each stage.
    """

    name: str
    baseline_name: str
    unit: str
    baseline: list
    ours: list
    higher_is_better: bool = False
    promise: float | None = None
    details: dict = field(default_factory=dict)

    @property
    def ratio(self):
        baseline, ours = statistics.median(self.baseline), statistics.median(self.ours)
        return ours / baseline if self.higher_is_better else baseline / ours

    def as_json(self):
        return {**asdict(self), "ratio": round(self.ratio, 3)}

    @classmethod
    def from_json(cls, written):
        return cls(**{name: value for name, value in written.items() if name != "ratio"})


def machine():
    """The machine in a few words, for the head of a table."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def markdown(rows):
    """The rows as a Markdown table: medians, and the ratio that counts."""
    lines = ["| what | baseline | ours | unit | repeats | ratio | promised |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        promised = "" if row.promise is None else f"≥ {row.promise:g}"
        lines.append(
            f"| {row.name} | {row.baseline_name}: {statistics.median(row.baseline):.4g} | {statistics.median(row.ours):.4g} | "
            f"{row.unit} | {len(row.baseline)}, {len(row.ours)} | **{row.ratio:.2f}** | {promised} |"
        )
    return "\n".join(lines)
