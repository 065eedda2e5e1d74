"""Of which kind a test cell of an assignment is: judged, by calls of ``check`` and nothing else, or ordinary.

A judged test is read, never executed. The judge's process calls the checks by the ids that stand in the cell, and takes the
names for those of the student's objects, which stay in the student's kernel. Every other test is code, which runs there.
"""

import ast


class NotATestCell(ValueError):
    """A test cell of the assignment can be graded in neither way; the message says what to do."""


def parse_test(source: str) -> list[tuple[str, str]]:
    """The calls ``check("check id", name)`` of a test cell, in order: ``[(check id, name)]``.

    Raises :class:`NotATestCell` for a statement that is neither such a call nor ``from vaelab.checks import check``,
    for a cell without a call, and SyntaxError.
    """
    calls = []
    for statement in ast.parse(source).body:
        match statement:
            case ast.ImportFrom(module="vaelab.checks", names=[ast.alias(name="check", asname=None)], level=0):
                pass
            case ast.Expr(
                ast.Call(func=ast.Name("check"), args=[ast.Constant(str(check_id)), ast.Name(name)], keywords=[])
            ):
                calls.append((check_id, name))
            case _:
                raise NotATestCell(
                    f'line {statement.lineno} of a test cell is not check("some.check", name): {source!r}. A check is judged '
                    "outside the student's kernel, so its cell can do nothing else: put other tests into a cell of their own."
                )
    if not calls:
        raise NotATestCell(f"a test cell calls no check: {source!r}")
    return calls
