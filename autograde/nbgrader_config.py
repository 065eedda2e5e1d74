"""nbgrader's configuration: where this course keeps what nbgrader names.

nbgrader reads it from the working directory or from ``JUPYTER_CONFIG_PATH``
(its ``--config`` is ignored outside the working directory), so run nbgrader as

    JUPYTER_CONFIG_PATH=autograde nbgrader ...      from the project's folder
    nbgrader ...                                    from autograde/

``AUTOGRADE_OUT`` names the grader's ``--out``, where that is not ``workspace``: ``AUTOGRADE_OUT=workspace/demo make formgrader``.
``AUTOGRADE_DB_URL`` likewise names its ``--db-url``.
"""

import os
from pathlib import Path

from nbgrader.server_extensions.formgrader import base as formgrader

from autograde.formgrader import FormgraderAPI

c = get_config()  # noqa: F821  (given by traitlets)

project = Path(__file__).resolve().parent.parent
workspace = os.environ.get("AUTOGRADE_OUT") or "workspace"
# SQLite creates a database, but not the folder it lies in.
(project / workspace).mkdir(parents=True, exist_ok=True)

c.CourseDirectory.course_id = "vae"
c.CourseDirectory.root = str(project)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "course"
c.CourseDirectory.submitted_directory = f"{workspace}/submitted"
c.CourseDirectory.autograded_directory = f"{workspace}/autograded"
c.CourseDirectory.feedback_directory = f"{workspace}/feedback"
c.CourseDirectory.solution_directory = f"{workspace}/solution"
c.CourseDirectory.db_url = (
    os.environ.get("AUTOGRADE_DB_URL") or f"sqlite:///{(project / workspace / 'gradebook.db').as_posix()}"
)

# Everything beside a notebook is copied to the release, unless it is named here;
# solutions/NN/NN.py holds the answers.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "feedback",
    "*.py",
    "*.pyc",
    "*.md",
    "*.toml",
    "*.h5",
    "*.npz",
    "*.json",
    "*.log",
    ".*",
]

# nbgrader's own pages of feedback show each test's source. Without its hidden tests, a click on formgrader's button does no harm:
# `python -m autograde feedback` writes the grader's pages again.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# formgrader would count nbgrader's folder submitted/ alone, and its button "Autograde" would run students' code as the instructor.
# nbgrader has no setting for either. `nbgrader autograde`, in a terminal, works as ever.
formgrader.NbGraderAPI = FormgraderAPI

# A solution saved by hand may hold jupytext's pairing or the state of widgets in its
# notebook-wide metadata: neither belongs to a student.
c.GenerateAssignment.preprocessors.append("nbconvert.preprocessors.ClearMetadataPreprocessor")
c.ClearMetadataPreprocessor.enabled = True
c.ClearMetadataPreprocessor.clear_cell_metadata = False
c.ClearMetadataPreprocessor.preserve_nb_metadata_mask = {"kernelspec", "language_info"}

# Seconds a cell may take, here as where nbgrader itself runs a notebook: importing TensorFlow on a busy machine takes most of its 30.
c.ExecutePreprocessor.timeout = 300
