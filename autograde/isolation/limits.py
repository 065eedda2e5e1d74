"""What one submission may use, and the refusal where nothing can hold it to that."""

from dataclasses import asdict, dataclass
from typing import Any

MB = 1024 * 1024

#: Folders that a sandbox can write to, and how much each may hold.
SCRATCH = {"/home/student": 256 * MB, "/tmp": 256 * MB, "/dev/shm": 64 * MB}


class SandboxMissing(RuntimeError):
    """This machine cannot isolate a student's code; the message says what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Sizes in bytes, time in seconds.

    ``memory`` counts anonymous memory of all its processes together; ``processes``
    counts processes, not threads; ``output`` is everything its cells print or
    display; ``file_size`` bounds one file in its scratch folders, which hold
    576 MB together. ``cell`` is how long one cell of the notebook may take before it is interrupted and the next one runs; None:
    as long as all.
    """

    memory: int = 3 * 1024 * MB
    seconds: float = 600.0
    processes: int = 256
    output: int = 50 * MB
    file_size: int = 200 * MB
    cell: float | None = None

    def packed(self) -> dict[str, Any]:
        return asdict(self)
