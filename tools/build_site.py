"""Build the site: the course to read, the explorer to use, the evidence and the library's reference.

Usage: python tools/build_site.py [FOLDER]      (or: make site)

Everything comes from what is committed: nothing is executed, trained or fetched. ``docs/site/`` has the pages written
by hand and Sphinx's settings; this program adds the notebooks as they are released, with the figures that the
solutions have, the tables in ``docs/``, one saved explorer, and the docstrings, read without importing anything.
"""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from sphinx.ext.napoleon import Config, NumpyDocstring

from vaelab import data, reference
from vaelab.explorer import LatentExplorer

PROJECT = Path(__file__).resolve().parent.parent
PAGES = PROJECT / "docs" / "site"
# Pages of docs/ that become pages of the site, under the same addresses so that links among them hold.
EVIDENCE = (
    "kill_matrix", "attempts", "evidence", "forgeries", "forgeries_ordinary", "foreign_courses", "speed", "training_speed",
)  # fmt: skip
HOW_CHECKS_JUDGE = ("encoder_rules", "misconceptions")
GUIDES = ("doctor", "containers", "new_exercise")
# What a page can show: no widgets without a kernel.
SHOWN = ("image/png", "text/html", "text/plain")
# Keras colours its tables of layers for a terminal: too pale on a light page, or too dark on a dark one.
_COLOUR = re.compile(r"color: (#[0-9a-f]{6}); text-decoration-color: \1(?:; )?")
# The modules that people call, in the order in which they meet them.
MODULES = (
    "vaelab.data", "vaelab.models", "vaelab.training", "vaelab.metrics", "vaelab.plots.latent", "vaelab.plots.pictures",
    "vaelab.doctor.procedure", "vaelab.doctor.report", "vaelab.doctor.findings", "vaelab.explorer.explorer", "vaelab.explorer.program.build", "vaelab.explorer.program.graph", "vaelab.reference",
    "vaelab.borrow", "vaelab.profiles",
)  # fmt: skip

# What the theme lacks for people without a mouse or a screen: the level of its captions, which are headings, and the
# focus of what may have to be scrolled.
_MENDED = (
    ('role="heading">', 'role="heading" aria-level="2">'),
    ("<pre>", '<pre tabindex="0">'),
    ("<pre style", '<pre tabindex="0" style'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    ('<div class="output text_html"><figure', '<div class="output text_html" tabindex="0"><figure'),
)


def assignments():
    """Names of the released notebooks, in order."""
    return sorted(path.parent.name for path in (PROJECT / "course").glob("*/*.ipynb") if path.stem == path.parent.name)


def to_read(assignment):
    """A released notebook, with the outputs of those cells that are the same in the solutions.

    Cells that are filled in there, and tests, which have hidden parts, differ: their outputs stay out with them.
    """
    released = nbformat.read(PROJECT / "course" / assignment / f"{assignment}.ipynb", as_version=4)
    solved = nbformat.read(PROJECT / "solutions" / assignment / f"{assignment}.ipynb", as_version=4)
    outputs = {(cell.id, cell.source): cell.outputs for cell in solved.cells if cell.cell_type == "code"}
    for cell in released.cells:
        if cell.cell_type == "code":
            cell.outputs = [_still(output) for output in outputs.get((cell.id, cell.source), [])]
    return released


def _still(output):
    """An output as a page can show it."""
    output = nbformat.from_dict(output)
    if "data" in output:
        output.data = nbformat.from_dict({kind: output.data[kind] for kind in SHOWN if kind in output.data})
    if "text/html" in output.get("data", {}):
        output.data["text/html"] = _COLOUR.sub("", output.data["text/html"])
    return output


def explorer(path):
    """The reference model with the test images, as one file."""
    encoder, decoder = reference.programs("mlp")
    images = data.load()
    LatentExplorer({"MLP": decoder}, {"MLP": encoder}, images.x_test, images.y_test, train_images=images.x_train).save(
        path
    )


# The library's reference ----------------------------------------------------------------


def api(folder):
    """A page for each module, from its source."""
    folder.mkdir()
    for module in MODULES:
        (folder / f"{module}.rst").write_text(_module(module), encoding="utf-8")
    lines = [
        "The library",
        "===========",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {name}" for name in MODULES),
        "",
    ]
    (folder / "index.rst").write_text("\n".join(lines), encoding="utf-8")


def _module(name):
    path = PROJECT / name.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = [name, "=" * len(name), "", *_docstring(tree), "", f".. py:module:: {name}", ""]
    for node in tree.body:
        lines += _definition(node)
    return "\n".join(lines) + "\n"


def _definition(node, method=False):
    """A public function or class with a docstring, as Sphinx's directives."""
    known = (ast.FunctionDef, ast.ClassDef)
    if not isinstance(node, known) or node.name.startswith("_") or not ast.get_docstring(node):
        return []
    if isinstance(node, ast.ClassDef):
        inside = [line for part in node.body for line in _definition(part, method=True)]
        return [f".. py:class:: {node.name}", "", *_indented([*_docstring(node), "", *inside]), ""]
    kind = "method" if method else "function"
    signature = ast.unparse(node.args)
    signature = signature.removeprefix("self, ").removeprefix("self") if method else signature
    if any(isinstance(one, ast.Attribute) and one.attr == "setter" for one in node.decorator_list):
        return []
    property_ = any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list)
    head = f".. py:property:: {node.name}" if property_ else f".. py:{kind}:: {node.name}({signature})"
    return [head, "", *_indented(_docstring(node)), ""]


def _docstring(node):
    return NumpyDocstring(
        ast.get_docstring(node) or "", Config(napoleon_use_rtype=False, napoleon_use_ivar=True)
    ).lines()


def _indented(lines):
    return [f"   {line}" if line else "" for line in lines]


# The site -------------------------------------------------------------------------------


def sources(folder):
    """Everything that Sphinx needs, in one folder."""
    shutil.copytree(PAGES, folder, dirs_exist_ok=True)
    names = assignments()
    for name in names:
        place = folder / "course" / name
        place.mkdir(parents=True)
        nbformat.write(to_read(name), place / f"{name}.ipynb")
        for picture in (PROJECT / "course" / name).glob("*.png"):
            shutil.copy(picture, place)
    for place in ("docs", "autograde"):
        (folder / place).mkdir()
    for name in (*EVIDENCE, *HOW_CHECKS_JUDGE, *GUIDES):
        shutil.copy(PROJECT / "docs" / f"{name}.md", folder / "docs")
    for picture in (PROJECT / "docs").glob("*.png"):
        shutil.copy(picture, folder / "docs")
    shutil.copy(PROJECT / "autograde" / "README.md", folder / "autograde")
    _fill(folder / "index.md", "NOTEBOOKS", [f"course/{name}/{name}" for name in names])
    _fill(folder / "evidence.md", "EVIDENCE", [f"docs/{name}" for name in EVIDENCE])
    _fill(folder / "evidence.md", "HOW-CHECKS-JUDGE", [f"docs/{name}" for name in HOW_CHECKS_JUDGE])
    (folder / "extra").mkdir()
    explorer(folder / "extra" / "explorer.html")
    api(folder / "api")


def _fill(path, word, lines):
    path.write_text(path.read_text(encoding="utf-8").replace(word, "\n".join(lines)), encoding="utf-8")


def main():
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "site"
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "source"
        sources(place)
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-b",
            "html",
            "-d",
            str(Path(folder) / "doctrees"),
            place,
            output,
        ]
        subprocess.run(command, check=True)
    for path in output.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for before, after in _MENDED:
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    print(f"{output}: {len(list(output.rglob('*.html')))} pages, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
