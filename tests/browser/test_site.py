"""The site: built from what is committed, without a network, for everybody."""

import re
import subprocess
import sys

import jupytext
import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from projects import PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.site]

LARGEST = 15_000_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    subprocess.run([sys.executable, str(PROJECT / "tools" / "build_site.py"), str(folder)], check=True)
    return folder


def text(path):
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8")))


def pages(site):
    return sorted(path for path in site.rglob("*.html") if path.name not in ("genindex.html", "search.html"))


def test_it_has_the_course_the_three_readers_the_evidence_and_the_reference(site):
    for name in ("index", "students", "self_learners", "instructors", "autograde/README", "docs/containers", "evidence",
                 "docs/kill_matrix", "docs/attempts", "docs/encoder_rules", "docs/misconceptions", "docs/doctor", "api/index",
                 "api/vaelab.explorer.explorer", "explorer", "search", "course/01_kl_term/01_kl_term"):  # fmt: skip
        assert (site / f"{name}.html").exists(), name
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= LARGEST


def test_no_answer_and_no_hidden_test_is_in_it(site):
    everything = "\n".join(
        path.read_text(encoding="utf-8") for path in site.rglob("*") if path.suffix in (".html", ".js", ".txt")
    )
    plain = re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", everything))
    released = [nbformat.read(path, as_version=4) for path in (PROJECT / "course").glob("0*/0*.ipynb")]
    given = re.sub(r"\s+", "", "".join(cell.source for notebook in released for cell in notebook.cells))
    looked = 0
    for path in sorted((PROJECT / "solutions").glob("0*/*.py")):
        for cell in jupytext.read(path).cells:
            for hidden in re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", cell.source, re.DOTALL):
                for line in hidden.splitlines():
                    answer = re.sub(r"\s+", "", line.split("#")[0])
                    if len(answer) > 25 and answer not in given:
                        looked += 1
                        assert answer not in plain.replace("&lt;", "<").replace("&gt;", ">"), line
    assert looked > 10


def test_the_figures_of_the_solutions_are_shown(site):
    looked = 0
    for path in site.glob("course/0*/*.html"):
        page, name = path.read_text(encoding="utf-8"), f"{path.stem}/{path.stem}.ipynb"
        released, solved = (nbformat.read(PROJECT / folder / name, as_version=4) for folder in ("course", "solutions"))
        given = {cell.source for cell in released.cells}
        for cell in solved.cells:
            if cell.cell_type == "code" and cell.source in given:
                html = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
                for figure in re.findall(r'<img\b[^>]*\bsrc="(data:[^"]+)"', html):
                    looked += 1
                    assert figure in page, f"{path.name}: a figure of the cell that begins {cell.source[:60]!r}"
        assert re.search(r"<img\b", page), path.name
    assert looked >= 20


def test_no_page_asks_another_host_for_anything_and_axe_finds_nothing_serious(site, browser):
    asked = []
    # The dark page differs from the light one in its colours alone.
    for dark, rules in ((False, {}), (True, {"runOnly": ["color-contrast"]})):
        context = browser.new_context(color_scheme="dark" if dark else "light", viewport={"width": 400, "height": 800})
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for path in [
            site / "index.html",
            site / "search.html",
            site / "docs/kill_matrix.html",
            site / "docs/doctor.html",
            site / "docs/containers.html",
            site / "api/vaelab.explorer.explorer.html",
            *site.glob("course/*/*.html"),
        ]:
            page.goto(path.as_uri())
            page.wait_for_load_state("load")
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth + 1"), (
                f"{path.name} at 400 pixels"
            )
            # Labels in a figure of a thousand pixels cannot be read at a third of its size.
            widths = page.locator(".output > figure > img").evaluate_all(
                "all => all.map(i => [i.width, i.naturalWidth])"
            )
            assert all(shown >= min(drawn, 700) for shown, drawn in widths), path.name
            serious = [
                (one["impact"], one["id"], one["nodes"][0]["html"][:200])
                for one in Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
                if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], path.name
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_every_address_in_a_page_is_of_the_site_or_plainly_a_link(site):
    for path in pages(site):
        source = path.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="([^"]+)"', source)
        assert [url for url in loaded if url.startswith(("http:", "https:", "//"))] == [], path.name


def test_the_explorer_on_the_first_page_is_alive(site, browser):
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    inside = page.frame_locator("iframe")
    slider = inside.get_by_role("slider", name="z1, latent units")
    before = inside.locator(".vl-decoded").get_attribute("data-z")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert inside.locator(".vl-decoded").get_attribute("data-z") != before
    for width in (1200, 400):
        page.set_viewport_size({"width": width, "height": 800})
        frame = page.frames[1]
        frame.wait_for_function("() => document.documentElement.scrollHeight <= innerHeight")
    page.close()
