"""What a test cell of an assignment may contain."""

import ast
import builtins


class NotATestCell(ValueError):
    """A test cell of the assignment does something other than calling ``check``."""


def parse_test(source):
    """The calls of a test cell, compiled, and the names in it that are the student's.

    A test cell imports ``check`` or calls it with names of the student's; that it
    does nothing else is what keeps their objects out of this process.
    """
    tree = ast.parse(source)
    for statement in tree.body:
        call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if not (
            call
            and isinstance(statement.value.func, ast.Name)
            and statement.value.func.id == "check"
            or isinstance(statement, ast.ImportFrom)
            and statement.module == "vaelab.checks"
        ):
            raise NotATestCell(
                f"line {statement.lineno} of a test cell does not call check(): {source!r}. "
                "Test cells are graded outside the student's kernel, so they can do nothing else."
            )
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return compile(tree, "<test cell>", "exec"), names - {"check"} - set(dir(builtins))
