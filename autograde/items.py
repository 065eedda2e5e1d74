"""What a class did with each check and each question: difficulty, discrimination, and who lost points."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, pstdev

#: Fewer marks say nothing about how a question tells students apart.
ENOUGH = 10


@dataclass
class Item:
    """One check or written question of an assignment. ``points`` are those of each student who has some, by student."""

    grade_id: str
    about: str
    kind: str  # judged, ordinary or written
    hidden: bool
    worth: float
    points: dict[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """Points that were reached of those that could be, from 0 to 1: how easy it was. None if nobody has a mark."""
        return mean(self.points.values()) / self.worth if self.points and self.worth else None

    @property
    def lost(self) -> list[str]:
        """Students without full points, those with the fewest first."""
        return sorted((s for s, p in self.points.items() if p < self.worth), key=lambda s: (self.points[s], s))


def discrimination(item: Item, totals: Mapping[str, float]) -> float | None:
    """How well an item tells strong students from weak ones: its correlation with the points of all other items.

    ``totals`` are points by student. None where there are fewer than :data:`ENOUGH` marks, or all are the same. (The corrected
    item-total correlation of classical test theory.)
    """
    students = [student for student in item.points if student in totals]
    if len(students) < ENOUGH:
        return None
    own = [item.points[student] for student in students]
    rest = [totals[student] - item.points[student] for student in students]
    return _correlation(own, rest)


def _correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    spread = pstdev(a) * pstdev(b)
    if math.isclose(spread, 0.0, abs_tol=1e-12):
        return None
    mean_a, mean_b = mean(a), mean(b)
    return mean((x - mean_a) * (y - mean_b) for x, y in zip(a, b)) / spread
