"""How long does a notebook take from top to bottom, and how long until its first picture?

    python benchmarks/notebooks.py [--repeats 3] [--profile quick]

Runs the solutions' notebooks, kernel start included, in the ``quick`` profile. The baseline is
the same notebook in the same run with the lab's training loop in place of ``vaelab.training.fit``:
Keras's ``fit`` with batches of 100 and no options. Notebooks that train nothing are put beside
the least that any of them can take: a kernel that starts and imports TensorFlow and Keras.
Nothing is written to the notebooks.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from unittest import mock

import nbformat
from nbclient import NotebookClient
from table import Row, markdown

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
NOTEBOOKS = tuple(sorted(path.stem for path in SOLUTIONS.glob("*/*.py")))
TRAINS = ("02_vae", "03_conv_vae")
LIMITS = {"seconds": 60, "first picture": 8}

PLAIN_FIT = """
import vaelab.training
from vaelab import plots

def plain_fit(vae, x_train, *, x_test=None, epochs, batch_size=100, landmarks=True):
    seen = vae.fit(x_train, epochs=epochs, batch_size=batch_size, validation_data=(x_test, None), verbose=0)
    history = vaelab.training.History(epochs=[e + 1 for e in seen.epoch], **seen.history)
    plots.learning_curve(history, landmarks=landmarks)
    return history

vaelab.training.fit = plain_fit
"""


def read(name, plain=False):
    notebook = nbformat.read(SOLUTIONS / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    if plain:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(PLAIN_FIT))
    return notebook


def run(notebook, profile, folder):
    """Seconds of the whole notebook, and until its first picture (None: it has none)."""
    start, first = time.perf_counter(), []

    def done(cell, cell_index, **_):
        if not first and any("<img" in str(output.get("data", {})) for output in cell.get("outputs", [])):
            first.append(time.perf_counter() - start)

    with mock.patch.dict(os.environ, VAELAB_PROFILE=profile):
        NotebookClient(notebook, timeout=3600, kernel_name="python3", resources={"metadata": {"path": str(folder)}},
                       on_cell_executed=done).execute()  # fmt: skip
    return time.perf_counter() - start, first[0] if first else None


def measure(repeats=3, profile="quick", names=NOTEBOOKS):
    rows = []
    bare = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import tensorflow, keras")])
    least = [run(bare, profile, SOLUTIONS)[0] for _ in range(repeats)]
    for name in names:
        ours = [run(read(name), profile, SOLUTIONS / name) for _ in range(repeats)]
        plain = (
            [run(read(name, plain=True), profile, SOLUTIONS / name)[0] for _ in range(repeats)]
            if name in TRAINS
            else least
        )
        pictures = [picture for _, picture in ours if picture is not None]
        row = Row(
            f"notebook {name}, {profile}", "with the lab's loop" if name in TRAINS else "importing TensorFlow alone", "s",
            plain, [seconds for seconds, _ in ours],
            details={"first picture, s": pictures, "limits, s": LIMITS},
        )  # fmt: skip
        rows.append(row)
        first = (
            f", first picture after {statistics.median(pictures):.1f} s (limit {LIMITS['first picture']} s)"
            if pictures
            else ""
        )
        print(f"{row.name}: {statistics.median(row.ours):.1f} s (limit {LIMITS['seconds']} s){first}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--notebooks", nargs="+", default=NOTEBOOKS)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    rows = measure(options.repeats, options.profile, options.notebooks)
    print(markdown(rows))
    if options.output:
        options.output.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
