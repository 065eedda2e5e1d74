"""Where somebody stands who has no teacher: the checks of a notebook, passed or not, and what to do next.

In a notebook, `show_progress` and `run_hidden`. For the whole course, from the project's folder::

    python -m vaelab.progress              the notebooks that are saved in course/
    python -m vaelab.progress solutions    those of the solutions
"""

import argparse
import html
import json
from collections.abc import Callable
from pathlib import Path

from vaelab import profiles
from vaelab.checks import LATEST

#: What the table says of a check, by the status of its verdict; None: it has not been run.
_STATES = {"passed": "✓ passed", "failed": "✗ not yet", "not_done": "… not written yet", None: "– not run"}


def show_progress(assignment: str) -> None:
    """Show, for each check of a notebook, whether it passed when it last ran here, the points, and what to do next.

    Parameters
    ----------
    assignment : str
        Such as ``"01_kl_term"``.
    """
    if not profiles.current().trains:
        print("Progress is for learners: nothing is shown while grading.")
        return
    rows, after = _rows(assignment, LATEST), _next(assignment, LATEST)
    _display(rows, [_total(rows), after])


def run_hidden(assignment: str, *functions: Callable) -> None:
    """Run the hidden checks of a notebook, which otherwise run when it is handed in, and show each verdict.

    Nothing is raised, so that one that fails does not keep others from running.

    Parameters
    ----------
    assignment : str
        Such as ``"01_kl_term"``.
    *functions : callable
        What the exercises ask for, under their own names; of an assignment with one exercise, any function.
    """
    if not profiles.current().trains:
        print("Hidden checks run by themselves while grading.")
        return
    from vaelab.checks import judge, panel, points

    names = _exercises(assignment)
    for function in functions:
        name = names[0] if len(names) == 1 else getattr(function, "__name__", None)
        if name not in names:
            raise ValueError(f"{assignment} asks for {', '.join(names)}; none of them is called {name}.")
        for listed in points.of_exercise(name):
            if listed.hidden:
                LATEST[listed.id] = judge.judge(listed.id, function)
                panel.show(LATEST[listed.id])


def _exercises(assignment: str) -> list[str]:
    """Names of the functions that an assignment asks for, in its order."""
    from vaelab.checks import points

    return list(dict.fromkeys(listed.id.partition(".")[0] for listed in points.of(assignment)))


def _rows(assignment, verdicts):
    """``(about, hidden, state, points earned, points)`` for each check."""
    from vaelab.checks import points

    rows = []
    for listed in points.of(assignment):
        status = verdicts.get(listed.id, {}).get("status")
        rows.append((listed.about, listed.hidden, _STATES[status], listed.points * (status == "passed"), listed.points))
    return rows


def _total(rows):
    earned, total = (sum(row[i] for row in rows) for i in (3, 4))
    return f"{earned} of {total} points for code."


def _next(assignment, verdicts):
    """One sentence: what to do now."""
    from vaelab.checks import points

    status = {listed: verdicts.get(listed.id, {}).get("status") for listed in points.of(assignment)}

    def first(wanted, hidden=(False, True)):
        return next((listed for listed in status if status[listed] == wanted and listed.hidden in hidden), None)

    if listed := first("failed"):
        verdict = verdicts[listed.id]
        where = f" It is explained in {verdict['taught']}." if verdict.get("taught") else ""
        return f"Next, for “{listed.about}”: {verdict['next_step'] or verdict['message']}{where}".replace("`", "")
    if listed := first("not_done"):
        return f"Next: write {listed.id.partition('.')[0]}, then run the cells below it."
    if listed := first(None, hidden=(False,)):
        return f"Next: run the cells with checks, below {listed.id.partition('.')[0]}."
    if first(None):
        call = f'run_hidden("{assignment}", {", ".join(_exercises(assignment))})'
        return f"Next: hand the notebook in, or run the hidden checks here: {call}."
    return "All checks pass. Next: the written questions, if there are any, and the next notebook."


def _display(rows, sentences):
    """A table in a notebook, lines elsewhere."""
    lines = [
        f"{state:18} {earned:2} of {total:2}  {about}{' (hidden)' * hidden}"
        for about, hidden, state, earned, total in rows
    ]
    text = "\n".join([*lines, *sentences])
    from vaelab.plots import in_notebook

    if not in_notebook():
        print(text)
        return
    from IPython.display import display

    cells = "".join(
        f"<tr><td style='text-align:left'>{html.escape(about)}{' <i>(hidden)</i>' * hidden}</td>"
        f"<td style='text-align:left'>{state}</td><td>{earned} of {total}</td></tr>"
        for about, hidden, state, earned, total in rows
    )
    head = "<tr><th style='text-align:left'>check</th><th style='text-align:left'>state</th><th>points</th></tr>"
    paragraphs = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in sentences)
    display({"text/html": f"<table>{head}{cells}</table>{paragraphs}", "text/plain": text}, raw=True)


# --- the whole course ---------------------------------------------------------------------


def of_notebook(path: Path) -> dict[str, dict]:
    """Verdicts of all checks on the function that a saved notebook defines.

    Parameters
    ----------
    path : pathlib.Path
        ``01_kl_term/01_kl_term.ipynb``.

    Returns
    -------
    dict of str to dict
        By check.
    """
    from vaelab.borrow import defined
    from vaelab.checks import judge, points

    verdicts = {}
    for name in _exercises(path.stem):
        checks = points.of_exercise(name)
        try:
            function = defined(path, name)
        except Exception as error:  # a student's notebook may be damaged in any way
            message = f"{type(error).__name__} in the cells that define {name}: {error}"
            next_step = "Restart the kernel, run all cells, and look at the first error."
            failed = {"status": "failed", "message": message, "next_step": next_step, "taught": None, "mistake": None}
            verdicts |= {listed.id: failed for listed in checks}
            continue
        if function is None:
            verdicts |= {listed.id: {"status": "not_done"} for listed in checks}
        else:
            verdicts |= {listed.id: judge.judge(listed.id, function) for listed in checks}
    return verdicts


def unanswered(path: Path) -> tuple[int, int]:
    """``(questions, of them without an answer)`` of a saved notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = [
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "markdown" and cell["metadata"].get("nbgrader", {}).get("solution")
    ]
    return len(sources), sum("YOUR ANSWER HERE" in source or not source.strip() for source in sources)


def main(arguments: list[str] | None = None) -> None:
    """Print the points of each notebook in a folder, named mistakes, and where to read next."""
    parser = argparse.ArgumentParser(prog="vaelab.progress", description=main.__doc__)
    parser.add_argument("folder", nargs="?", default="course", type=Path, help="with the notebooks (default: course)")
    folder = parser.parse_args(arguments).folder
    from vaelab.checks import points
    from vaelab.checks.judge.catalogue import BY_ID as MISTAKES

    earned = total = 0
    for assignment in dict.fromkeys(listed.assignment for listed in points.CHECKS):
        path = folder / assignment / f"{assignment}.ipynb"
        if not path.is_file():
            print(f"\n{assignment}: no notebook at {path.as_posix()}")
            total += sum(listed.points for listed in points.of(assignment))
            continue
        verdicts = of_notebook(path)
        rows = _rows(assignment, verdicts)
        print(f"\n{assignment}: {_total(rows)}")
        _display(rows, [])
        for known in dict.fromkeys(v["mistake"] for v in verdicts.values() if v.get("mistake") in MISTAKES):
            print(f"  mistake: {MISTAKES[known].name}; explained in {MISTAKES[known].taught.words.replace('`', '')}")
        print("  " + _next(assignment, verdicts))
        questions, missing = unanswered(path)
        if questions:
            print(
                f"  {questions - missing} of {questions} questions answered; solutions/{assignment} has the marking schemes."
            )
        earned, total = earned + sum(row[3] for row in rows), total + sum(row[4] for row in rows)
    print(f"\nThe course: {earned} of {total} points for code.")


if __name__ == "__main__":
    main()
