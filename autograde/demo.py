"""A small class of invented students, to see the grader work: ``python -m autograde demo``.

Made from the assignment itself when the demo starts, so that it cannot fall behind the
course: the published solution, near misses, damaged files, and two attacks.
"""

import copy
import json
from pathlib import Path

import jupytext

from autograde.course import PROJECT
from autograde.ledger import write_safely

ASSIGNMENT, CELL = "01_kl_term", "kl_term"

# Each answer stands in the solution cell; None is the published solution.
ANSWERS = {
    "ada_right": None,
    "ben_right_in_tensorflow": """
def kl_term(z_mean, z_log_var):
    variance = tf.exp(z_log_var)
    return 0.5 * tf.reduce_sum(variance + tf.square(z_mean) - 1.0 - z_log_var, axis=1)
""",
    "chloé_averages": """
def kl_term(z_mean, z_log_var):
    return 0.5 * ops.mean(ops.exp(z_log_var) + ops.square(z_mean) - 1.0 - z_log_var, axis=-1)
""",
    "dmitri_forgets_a_half": """
def kl_term(z_mean, z_log_var):
    return ops.sum(ops.exp(z_log_var) + ops.square(z_mean) - 1.0 - z_log_var, axis=-1)
""",
    "eve_forges": """
import sys
import vaelab.checks

vaelab.checks.check = check = lambda *args: None
get_ipython().showtraceback = lambda *args, **kwargs: None

def kl_term(z_mean, z_log_var):
    sys.displayhook(1000)
    return z_mean[:, 0]
""",
    "fred_never_ends": """
def kl_term(z_mean, z_log_var):
    while True:
        pass
""",
    "grace_has_not_begun": """
def kl_term(z_mean, z_log_var):
    raise NotImplementedError()
""",
    "heidi_reads": """
import glob, os
import vaelab

library = os.path.dirname(vaelab.__file__)
print("found:", [name for pattern in (library + "/checks/*", library + "/../solutions/*", "/home/*/*.ipynb", "/etc/passwd")
                 for name in glob.glob(pattern)])

def kl_term(z_mean, z_log_var):
    return 0.0 * z_mean[:, 0]
""",
}


def write_class(folder, course=PROJECT):
    """Write the class into ``folder``, in the layout that ``nbgrader collect`` leaves; returns the folder."""
    folder = Path(folder)
    solution = jupytext.read(Path(course) / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.py")

    def submit(student, text):
        write_safely(folder / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", text)

    for student, answer in ANSWERS.items():
        notebook = copy.deepcopy(solution)
        for cell in notebook.cells:
            if answer is not None and cell.metadata.get("nbgrader", {}).get("grade_id") == CELL:
                cell.source = answer.strip()
        submit(student, json.dumps(notebook))
    whole = json.dumps(solution)
    submit("ivan_cut_short", whole[: len(whole) // 2])
    submit("judy_sent_a_page", "<!DOCTYPE html><html><body>Sign in to continue</body></html>")
    without_tests = copy.deepcopy(solution)
    without_tests.cells = [
        cell for cell in solution.cells if not cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")
    ]
    submit("mallory_deleted_the_tests", json.dumps(without_tests))
    return folder
