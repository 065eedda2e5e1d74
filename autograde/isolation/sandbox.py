"""Which sandbox there is on this machine: the strongest of two that works when it is tried."""

import functools
import os
from collections.abc import Sequence
from typing import Any, Protocol

from autograde.isolation.bubblewrap import Bubblewrap
from autograde.isolation.landlock import Landlock
from autograde.isolation.limits import Limits, SandboxMissing
from autograde.isolation.tenancy import Tenancy

#: Names the only one that may be used: to try the second where the first works as well.
CHOICE = "AUTOGRADE_SANDBOX"


class Sandbox(Protocol):
    """A way to run untrusted code. A *tenancy* is what one process in there has to itself, and is ended after it."""

    @property
    def name(self) -> str:
        """As results and reports call it."""

    def require(self) -> None:
        """Raises :class:`SandboxMissing`, which says what to do, if it does not work here."""

    def program(self, name: str) -> str:
        """Where one of our programs lies, seen from inside."""

    def command(
        self,
        argv: Sequence[str],
        tenancy: Tenancy | None = None,
        *,
        judge: bool = False,
        warm: bool = False,
        programs: Sequence[str] = (),
        shows: Sequence[str] = (),
    ) -> list[str]:
        """The command line that runs ``argv`` in a fresh sandbox.

        ``judge`` shows the judge's files as well; ``warm`` is for a process that runs our code only, and forks sandboxes;
        ``programs`` are ours that it can run, ``shows`` files and folders that it can read besides.
        """

    def environment(self, judge: bool = False) -> dict[str, str]:
        """The environment in which that line is run."""

    def tenancy(self) -> Tenancy: ...

    def settings(self, judge: bool = False) -> dict[str, Any]:
        """What a fork server is told of this sandbox once, as JSON."""

    def order(self, tenancy: Tenancy, jobs: str | None = None, *, keep: Sequence[str] = ()) -> dict[str, Any]:
        """What it is told of one child, as JSON. A trusted one has the folder of all ``jobs`` covered, but for ``keep``."""

    def limits(self, limits: Limits) -> dict[str, Any]:
        """Limits as a kernel in there sets them for itself."""


SANDBOXES: dict[str, type[Sandbox]] = {"bubblewrap": Bubblewrap, "landlock": Landlock}


def chosen() -> Sandbox:
    """The strongest sandbox that works here. Raises :class:`SandboxMissing`."""
    return _chosen(os.environ.get(CHOICE))


@functools.cache
def _chosen(wanted: str | None) -> Sandbox:
    if wanted is not None and wanted not in SANDBOXES:
        raise SandboxMissing(f"{CHOICE} is {wanted!r}; there are: {', '.join(SANDBOXES)}.")
    reasons = []
    for name, make in SANDBOXES.items():
        if wanted in (None, name):
            sandbox = make()
            try:
                sandbox.require()
            except SandboxMissing as why:
                reasons.append(str(why).rstrip(". "))
                continue
            return sandbox
    raise SandboxMissing(
        f"{'. And without namespaces: '.join(reasons)}. Students' code cannot be isolated from this machine. "
        "`python -m autograde doctor` says what would help; --no-sandbox protects from nothing, and is only for code "
        "whose authors you all trust."
    )
