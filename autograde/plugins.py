"""Export plugins for nbgrader: marks of any gradebook, stock nbgrader's too, as Canvas and Moodle import them.

    nbgrader export --exporter autograde.plugins.MoodleExportPlugin --to FOLDER

writes one file for each assignment into FOLDER. A mark that waits for a person is blank; a student without a submission is not in
the file. The LMS knows students by ``lms_user_id``, if the gradebook has one, or by their id.
"""

from pathlib import Path

from nbgrader.api import Gradebook, SubmittedAssignment
from nbgrader.plugins import ExportPlugin
from traitlets import Float

from autograde import exports


class _PerAssignment(ExportPlugin):
    """Writes a file for each assignment; subclasses say which."""

    out_of = Float(0.0, help="points that an assignment counts in the LMS; 0: as many as in the gradebook").tag(
        config=True
    )

    def export(self, gradebook: Gradebook) -> None:
        folder = Path(self.to or ".")
        folder.mkdir(parents=True, exist_ok=True)
        for assignment in gradebook.assignments:
            if not self.assignment or assignment.name in self.assignment:
                lines = [self._line(one) for one in assignment.submissions]
                lines = [one for one in lines if not self.student or one["student"] in self.student]
                lines = [exports.scaled(one, {"": self.out_of} if self.out_of else {}) for one in lines]
                self.write(folder, assignment.name, sorted(lines, key=lambda one: one["student"]))

    def _line(self, submission: SubmittedAssignment) -> exports.Line:
        student = submission.student
        return {
            "student": student.id,
            "name": " ".join(filter(None, [student.first_name, student.last_name])),
            "assignment": submission.assignment.name,
            "score": max(0.0, submission.score - (submission.late_submission_penalty or 0.0)),
            "max_score": submission.max_score,
            "to_grade": submission.needs_manual_grade,
            "reason": "",
            "origin": {"number": student.lms_user_id or ""},
        }

    def write(self, folder: Path, name: str, lines: list[exports.Line]) -> None:
        raise NotImplementedError("a subclass says what is written")


class MoodleExportPlugin(_PerAssignment):
    """``moodle_ASSIGNMENT.csv``: Moodle's grading worksheet."""

    def write(self, folder: Path, name: str, lines: list[exports.Line]) -> None:
        exports.write_csv(folder / f"moodle_{name}.csv", exports.moodle(lines))


class CanvasExportPlugin(_PerAssignment):
    """``canvas_ASSIGNMENT.csv``: for Canvas's Grades > Import."""

    def write(self, folder: Path, name: str, lines: list[exports.Line]) -> None:
        exports.write_csv(folder / f"canvas_{name}.csv", exports.canvas(name, lines))
