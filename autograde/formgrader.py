"""What formgrader's server is told of submissions: that all in the gradebook were handed in, and that its button *Autograde* runs nothing.

nbgrader counts folders in ``submitted/``, where ``nbgrader collect`` leaves submissions. Those that the grader read from a zip, or from
any other folder, are in the gradebook alone. autograde/nbgrader_config.py puts :class:`FormgraderAPI` into the server.
"""

import os
from datetime import datetime
from typing import Any

from nbgrader.api import Assignment, SubmittedAssignment
from nbgrader.apps.api import NbGraderAPI

# In lines that formgrader's dialog, which breaks none, shows whole.
REFUSAL = """\
Nothing was run or changed.

This button would run students' code as you, outside every sandbox,
and replace the marks that are there. To grade, in a terminal:

    python -m autograde grade FOLDER
"""


class FormgraderAPI(NbGraderAPI):
    """nbgrader's answers to formgrader, of a class whose submissions this grader read."""

    def _graded(self, assignment_id: str) -> dict[str, datetime | None]:
        """Students with a submission in the gradebook, and when it was handed in. ``*``: of any assignment."""
        with self.gradebook as gradebook:
            rows = gradebook.db.query(SubmittedAssignment.student_id, SubmittedAssignment.timestamp).join(Assignment)
            if assignment_id != "*":
                rows = rows.filter(Assignment.name == assignment_id)
            return {student: handed_in for student, handed_in in rows}

    def get_submitted_students(self, assignment_id: str) -> set[str]:
        return super().get_submitted_students(assignment_id) | set(self._graded(assignment_id))

    def get_submitted_timestamp(self, assignment_id: str, student_id: str) -> datetime | None:
        """None also where a student's ``timestamp.txt`` is no date."""
        try:
            return super().get_submitted_timestamp(assignment_id, student_id)
        except (ValueError, OverflowError):
            return None

    def get_autograded_students(self, assignment_id: str) -> set[str]:
        """Those whose autograded notebooks are there, and of whom nothing newer has been collected."""

        def current(student: str, graded: datetime | None) -> bool:
            collected = self.get_submitted_timestamp(assignment_id, student)
            folder = self.coursedir.format_path(self.coursedir.autograded_directory, student, assignment_id)
            return os.path.isdir(folder) and not (collected and graded and collected > graded)

        return {student for student, graded in self._graded(assignment_id).items() if current(student, graded)}

    def autograde(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Refuses; the text is what formgrader's dialog shows."""
        return {"success": False, "log": REFUSAL}
