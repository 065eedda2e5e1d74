"""What a hostile class looks like to the person who grades it, in a real browser: no script runs, and no request leaves.

Every page is opened with all its requests recorded: formgrader's of each submission, the feedback, the report. A page may ask
for what the page of an honest student asks for, and for nothing else.
"""

import http.server
import json
import os
import runpy
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import ClassVar

import nbformat
import needs
import pytest
from grading_helpers import COURSE, PIXEL, RIGHT, answered, as_bytes, cell, gradebook, scores
from nbgrader.api import Gradebook
from playwright.sync_api import sync_playwright

from autograde import pipeline
from autograde.cli import publish
from autograde.course import PROJECT, source_folder
from autograde.ledger import write_safely

pytestmark = [pytest.mark.sandbox, pytest.mark.browser]

ATTACKS = Path(__file__).parents[1] / "attacks"
NAMES = {"<script>document.title='EFFECT'<script>": "scripts", "![](http:__tracker.example_p.png)": "pictures"}
SERVER = """
load_subconfig("nbgrader_config.py", {configuration!r})
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = {source!r}
"""
#: When each submission was handed in: `timestamp.txt`.
HANDED_IN = "2026-03-01 10:00:00 UTC"


def texts():
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((ATTACKS / "written").glob("*.md"))}


def hostile_classes():
    """``{student: notebook}``: one honest student, and all hostile texts, outputs, files and names, a few to a notebook."""
    own = {"ok.png": {"image/png": PIXEL}}
    honest = answered(RIGHT, written="It *pulls* by $\\frac{1}{2}\\sigma^2$.\n\n![p](attachment:ok.png)")
    cell(honest, "question_pull")["attachments"] = own
    students = {"honest": honest}
    written = [*texts().items()]
    for number in range(0, len(written), 12):
        notebook = answered(RIGHT, written=written[number][1])
        cell(notebook, "question_pull")["attachments"] = own
        for name, text in written[number : number + 12]:
            for kind in ("markdown", "raw"):
                added = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"{name}:\n\n{text}")]).cells[0]
                added.update(cell_type=kind, attachments=own, id=f"{kind}{number}{name}"[:64])
                notebook.cells.append(added)
        students[f"texts {number}"] = notebook
    outputs = [
        (ATTACKS / "spoil" / f"{name}.py").read_text()
        for name in ("names_of_methods", "types_that_run", "control_characters")
    ]
    students["outputs"] = answered(RIGHT, extra=outputs)
    for name in ("links_that_run", "raw_pages", "pictures_and_links", "scripts"):
        students[f"file {name}"] = json.loads(as_bytes(answered(RIGHT)))
        lie = runpy.run_path(str(ATTACKS / "lie_in_the_file" / f"{name}.py"))["forge"]
        changed = nbformat.from_dict(students[f"file {name}"])
        lie(changed)
        students[f"file {name}"] = changed
    for name in NAMES:
        students[name] = answered(
            "return '<img src=/logout onerror=\"document.title=1\">'", written="<img src=/logout>"
        )
    return students


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of a graded class."""
    root = tmp_path_factory.mktemp("hostile")
    for student, notebook in hostile_classes().items():
        place = root / "submitted" / student.replace("/", "_") / "mini" / "mini.ipynb"
        place.parent.mkdir(parents=True)
        place.write_bytes(as_bytes(notebook))
        place.with_name("timestamp.txt").write_text(HANDED_IN)
    settings = pipeline.Settings(root / "submitted", root / "out", COURSE, "mini", workers=2)
    summary = pipeline.run(settings, say=lambda text: None)
    assert summary.failed == [] and summary.graded == len(hostile_classes())
    with Gradebook(settings.gradebook) as gradebook:  # a person marks, and quotes what they should not have
        for submission in gradebook.notebook_submissions("mini", "mini"):
            comment = gradebook.find_comment("question_pull", "mini", "mini", submission.student.id)
            comment.manual_comment = (
                "See [this](https://example.org), ![](http://tracker.example/p.png) <img src=/logout>"
            )
        gradebook.db.commit()
    publish(root / "out", settings.gradebook, [("<script>x</script>.ipynb", "<img src=http://tracker.example/x>")])
    return root


@pytest.fixture(scope="module")
def server(graded):
    """A Jupyter server with formgrader; yields its address and token."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    configured = {
        "root": str(graded),
        "configuration": str(PROJECT / "autograde"),
        "source": str(source_folder(COURSE)),
    }
    (graded / "nbgrader_config.py").write_text(SERVER.format(**configured))
    line = [
        sys.executable,
        "-m",
        "jupyter",
        "server",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
    ]
    line += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={graded}"]
    line += ["--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True"]
    log = open(graded / "server.log", "wb")
    environment = os.environ | {"AUTOGRADE_OUT": str(graded / "out")}
    with subprocess.Popen(line, cwd=graded, env=environment, stdout=log, stderr=log) as process:
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=2)
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, (graded / "server.log").read_text()[-2000:]
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", token
        process.terminate()
    log.close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as programs:
        chromium = programs.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Opened:
    """A page that was opened: what it asked for, and what was tried in it."""

    def __init__(self, browser, url, before=None):
        self.asked, self.dialogs, self.messages = [], [], []
        context = browser.new_context()
        self.page = context.new_page()
        # Nothing leaves this machine, nor is a page changed by what is not there.
        context.route(
            lambda url: "127.0.0.1" not in url and not url.startswith(("file:", "data:")), lambda route: route.abort()
        )
        if before:
            self.page.goto(before)
        context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.goto(url)
        self.page.wait_for_load_state("networkidle")
        self.page.mouse.wheel(0, 100_000)
        self.page.wait_for_timeout(300)

    def requests(self):
        return {url for url in self.asked if not url.startswith("data:")}

    def check(self, links=r"#"):
        assert self.dialogs == [] and self.page.title() not in ("EFFECT", "1")
        assert self.page.evaluate(ODD, links) == []
        assert len(self.page.inner_text("body")) > 100  # it can be read


#: Elements of what was written or displayed that could run or load something, or lead to where no link should.
ODD = """links => [...(document.querySelector('#notebook') || document.querySelector('main')).querySelectorAll('*')]
    .filter(e => ['SCRIPT', 'IFRAME', 'OBJECT', 'EMBED', 'LINK', 'META', 'BASE', 'VIDEO', 'AUDIO', 'FORM', 'SVG', 'STYLE', 'MATH']
            .includes(e.tagName.toUpperCase())
        || [...e.attributes].some(a => a.name.startsWith('on') || ['srcset', 'poster', 'background', 'ping'].includes(a.name))
        || e.src && e.tagName == 'IMG' && !e.src.startsWith('data:image/')
        || e.tagName == 'A' && e.href && !new RegExp(links).test(e.href)
        || /url\\(|fixed/.test(e.getAttribute('style') || ''))
    .map(e => e.outerHTML.slice(0, 200))"""


def submissions(graded):
    with Gradebook(f"sqlite:///{graded}/out/gradebook.db") as gradebook:
        return {one.student.id: one.id for one in gradebook.notebook_submissions("mini", "mini")}


def test_formgrader_shows_a_hostile_class_and_asks_for_nothing_more_than_for_an_honest_student(graded, server, browser):
    url, token = server
    ids = submissions(graded)
    enter = f"{url}/api/status?token={token}"

    def opened(student):
        one = Opened(browser, f"{url}/formgrader/submissions/{ids[student]}/", enter)
        one.check()
        return one, {request.replace(ids[student], "ID") for request in one.requests()}

    first, expected = opened("honest")
    assert any("/api/grades" in request for request in expected)  # formgrader's own script runs
    assert (
        first.page.locator("#question_pull").count() == 1
        and first.page.locator("img[src^='data:image/png']").count() == 1
    )
    for student in sorted(ids):
        one, asked = opened(student)
        assert asked == expected, student
        # A person can mark it: the boxes for points and comments are formgrader's.
        assert one.page.evaluate("document.querySelector('#question_pull').tagName") == "INPUT"
        assert one.page.evaluate("document.querySelector('#question_pull-comment').tagName") == "TEXTAREA"
        assert one.page.goto(f"{url}/api/status").status == 200  # still logged in


def listed(page):
    """``{student: (when, state, points)}`` of formgrader's page of an assignment's submissions."""
    page.wait_for_selector("#main-table td.student-id")
    rows = [row.locator("td").all_inner_texts() for row in page.locator("#main-table tr").all()]
    return {student: tuple(more[:3]) for _, student, *more in rows}


def test_formgrader_counts_what_was_graded_and_its_button_to_autograde_runs_nothing_and_loses_no_mark(
    graded, server, browser
):
    url, token = server
    out, submitted, effect = graded / "out", graded / "out" / "submitted", graded / "EFFECT"
    assert not submitted.exists()  # the grader read another folder
    opened = Opened(browser, f"{url}/formgrader/manage_assignments", f"{url}/api/status?token={token}")
    page = opened.page
    link = page.locator("#main-table a[href$='manage_submissions/mini']")
    assert link.inner_text() == str(len(hostile_classes()))
    link.click()
    before = listed(page)
    assert set(before) == set(submissions(graded)) and before == {
        student: (HANDED_IN, "needs manual grading", f"{points:g} / 8") for student, points in scores(out).items()
    }

    # What `nbgrader collect` leaves when a student hands in again, with code that would leave a trace.
    again = answered(f"open({str(effect)!r}, 'w')\ndef kl_term(z_mean, z_log_var):\n    pass\n")
    write_safely(submitted / "honest" / "mini" / "mini.ipynb", as_bytes(again))
    write_safely(submitted / "honest" / "mini" / "timestamp.txt", HANDED_IN.replace("10:00", "11:00"))
    rows, notebooks = gradebook(out), {path: path.read_bytes() for path in (out / "autograded").rglob("*.ipynb")}
    page.reload()
    newer = ("2026-03-01 11:00:00 UTC", "needs autograding", "")
    assert listed(page) == before | {"honest": newer}
    for student in ("honest", "outputs"):
        page.locator("#main-table tr", has=page.get_by_text(student, exact=True)).locator(".autograde a").click()
        assert "python -m autograde grade" in page.locator("#error-modal pre").inner_text()
        page.reload()
    shutil.rmtree(submitted)
    assert not effect.exists() and gradebook(out) == rows
    assert {path: path.read_bytes() for path in (out / "autograded").rglob("*.ipynb")} == notebooks
    page.reload()
    assert listed(page) == before and opened.dialogs == []


def test_feedback_and_report_ask_for_nothing_but_themselves(graded, browser):
    pages = [graded / "out" / "report.html", *(graded / "out" / "feedback").glob("*/*/*.html")]
    assert len(pages) == len(hostile_classes()) + 1
    for path in pages:
        one = Opened(browser, path.as_uri())
        one.check(links=r"^https?://|^file:.*/feedback/|#")  # a person who marks may link to the web
        assert one.requests() == {path.as_uri()}, path
        assert not [text for text in one.messages if "style" in text.lower()], one.messages  # its own style is allowed


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers everything, and remembers it."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def log_message(self, *_):
        pass


INTRUDE = """async url => {
    document.body.insertAdjacentHTML('beforeend', `<img src="${url}/image"><iframe src="${url}/frame"></iframe>
        <link rel=stylesheet href="${url}/style"><p style="background: url(${url}/background)">x</p><video src="${url}/video"></video>
        <img src="data:," onerror="document.title = 'EFFECT'"><object data="${url}/object"></object>`);
    for (const text of ["document.title = 'EFFECT'", `fetch('${url}/inline')`]) {
        const script = document.createElement('script');
        script.textContent = text;
        document.body.append(script);
    }
    await fetch(url + '/fetch').catch(() => 0);
}"""


@pytest.mark.parametrize("policy", [True, False], ids=["as it is", "without its policy"])
def test_the_policy_of_a_page_stops_what_would_get_into_it(graded, browser, tmp_path, policy):
    text = (graded / "out" / "report.html").read_text(encoding="utf-8")
    if not policy:
        text = text.replace("Content-Security-Policy", "Nothing")
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    Recorder.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as recorder:
        threading.Thread(target=recorder.serve_forever, daemon=True).start()
        one = Opened(browser, (tmp_path / "report.html").as_uri())
        one.page.evaluate(INTRUDE, f"http://127.0.0.1:{recorder.server_port}")
        one.page.wait_for_timeout(1000)
        recorder.shutdown()
    if policy:
        assert Recorder.asked == [] and one.page.title() == "Grading report"
    else:
        assert {"/image", "/style", "/fetch", "/inline"} <= set(Recorder.asked) and one.page.title() == "EFFECT"
