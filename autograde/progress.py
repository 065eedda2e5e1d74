"""What a person sees while a class is graded.

In a terminal one bar with the time left, and above it a line for each submission as it is
done; in a log or a pipe the same lines, plain. Names come from students: nothing in them
reaches the terminal that could move its cursor or change its colours.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from autograde.submitted import printable


class Lines:
    """Plain lines through ``say``, one for each submission: ``[ 3/120, 00:12:30 left] …``."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self.say = say
        self.total = self.done = 0

    def begin(self, total: int) -> None:
        """``total`` submissions are going to be graded."""
        self.total, self.began = total, time.monotonic()

    def working_on(self, students: Sequence[str]) -> None:
        """These are being graded now."""

    def landed(self, text: str) -> None:
        """One more is done; ``text`` says what became of it."""
        self.done += 1
        left = (time.monotonic() - self.began) / self.done * (self.total - self.done)
        hours, minutes, seconds = int(left // 3600), int(left // 60 % 60), int(left % 60)
        self.say(
            printable(
                f"[{self.done:{len(str(self.total))}}/{self.total}, {hours:02}:{minutes:02}:{seconds:02} left] {text}"
            )
        )

    def end(self) -> None:
        """Grading is over, or was broken off."""


class Bar(Lines):
    """A bar that stays at the bottom of the terminal, lines above it."""

    def __init__(self, console: Console) -> None:
        super().__init__(lambda text: console.print(Text(printable(text)), soft_wrap=True))
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn(
                "{task.fields[now]}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1), markup=False
            ),
            console=console,
            refresh_per_second=4,
            speed_estimate_period=600,
            expand=True,
        )

    def begin(self, total: int) -> None:
        super().begin(total)
        self.task = self.bar.add_task("grading", total=total, now="")
        self.bar.start()

    def working_on(self, students: Sequence[str]) -> None:
        self.bar.update(self.task, now=printable(", ".join(students)), refresh=True)

    def landed(self, text: str) -> None:
        self.done += 1
        self.say(f"{self.done:>{len(str(self.total))}}/{self.total}  {text}")
        self.bar.advance(self.task)

    def end(self) -> None:
        if self.total:
            self.working_on([])
        self.bar.stop()


@contextlib.contextmanager
def on_screen(stream: TextIO | None = None) -> Iterator[Lines]:
    """:class:`Bar` where ``stream`` (standard output) is a terminal that can draw one, else :class:`Lines`."""
    stream = stream or sys.stdout
    terminal = stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
    progress = (
        Bar(Console(file=stream, highlight=False))
        if terminal
        else Lines(lambda text: print(text, file=stream, flush=True))
    )
    try:
        yield progress
    finally:
        progress.end()
