"""Near-identical answers: a reason for a person to look, never a verdict.

What was given is no student's: an answer is what is left of a solution cell without the lines that stood in it, and an
exercise that nobody began has none. Answers are compared without comments and layout. Groups are reported, not pairs, so that
a copied answer is one line however many have it, and no list is so long that another copy falls off.
"""

import io
import tokenize
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz, process

from autograde.assignment import Assignment
from autograde.match import defined

#: Answers at least this alike (per cent), and of at least this many characters, are listed: shorter ones are alike by nature.
ALIKE, LONG_ENOUGH = 95, 100

#: Of each answer, this many characters are compared: Python's tokenizer takes time that grows with their square.
MOST = 5000

SKIPPED = (
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
)  # fmt: skip


class Group(NamedTuple):
    """Students whose answers in one cell are near-identical, each to at least one other; ``least`` is in per cent."""

    cell: str
    students: tuple[str, ...]
    least: float


def own_code(cells: Sequence[dict], assignment: Assignment) -> dict[str, str]:
    """A student's own code by solution cell: without the given lines, with cells of their own that define the same thing.

    ``cells`` are those that ran (see :func:`autograde.restore.restore`). Empty where only what was given is there.
    """
    code = {cell["grade_id"] or cell["id"]: cell for cell in cells if cell["cell_type"] == "code"}
    answers = {}
    for solution in assignment.cells:
        if solution.kind == "solution" and solution.cell_type == "code":
            names = defined(solution.released)
            own = [cell["source"] for cell in code.values() if not cell["grade_id"] and names & defined(cell["source"])]
            given = {line.strip() for text in (solution.released, solution.source) for line in text.splitlines()}
            lines = "\n".join([code[solution.id]["source"], *own]).splitlines()
            answers[solution.id] = "\n".join(line for line in lines if line.strip() not in given)
    return answers


def normalise(code: str) -> str:
    """The beginning of ``code`` without comments, layout and blank lines; with single spaces where it is not Python."""
    code, words = code[:MOST], []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type not in SKIPPED:
                words.append(token.string)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return " ".join(code.split())
    return " ".join(words)


def groups(answers: Mapping[str, Mapping[str, str]]) -> list[Group]:
    """Groups of near-identical answers, the largest first; ``answers`` is {student: {cell: normalised code}}."""
    found = []
    for cell in sorted({cell for mine in answers.values() for cell in mine}):
        same = defaultdict(list)  # text -> students
        for student, mine in sorted(answers.items()):
            if len(mine.get(cell, "")) >= LONG_ENOUGH:
                same[mine[cell]].append(student)
        found += [Group(cell, *one) for one in _connected(same)]
    return sorted(found, key=lambda group: (-len(group.students), -group.least, group.cell, group.students))


def _connected(same: Mapping[str, Sequence[str]]) -> list[tuple[tuple[str, ...], float]]:
    """The students of texts that are linked by likeness, and how alike the least alike link of them is."""
    texts = list(same)
    root = list(range(len(texts)))
    least = [100.0] * len(texts)

    def top(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for i, text in enumerate(texts):
        for _, ratio, j in process.extract(text, texts[i + 1 :], scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None):
            a, b = top(i), top(i + 1 + j)
            root[b] = a
            least[a] = min(least[a], least[b], ratio)
    students = defaultdict(list)
    for i, text in enumerate(texts):
        students[top(i)] += same[text]
    return [(tuple(sorted(names)), least[i]) for i, names in students.items() if len(names) > 1]
