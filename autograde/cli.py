"""The command line: ``python -m autograde --help``."""

import functools
import json
import math
import os
import shlex
import signal
import sys
import webbrowser
from collections import Counter
from pathlib import Path

from autograde import demo
from autograde.assignment import AssignmentError
from autograde.cells import folder_of
from autograde.course import names
from autograde.gradebook import GradebookError, Writer, address
from autograde.intake import IntakeError
from autograde.isolation import doctor
from autograde.isolation.limits import MB, Limits, SandboxMissing
from autograde.isolation.sandbox import chosen
from autograde.ledger import Busy, Ledger, write_safely
from autograde.options import parser
from autograde.pipeline import Settings, run
from autograde.progress import on_screen
from autograde.report import write_all
from autograde.result import OtherFormat
from autograde.submitted import printable
from autograde.watch import Rules, watch

SHOUT = """
!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
!!  --no-sandbox: every student's code now runs as YOU, with your files, your     !!
!!  network and no limit on memory or processes. It can read the hidden tests     !!
!!  and other submissions, and change marks. Only for code that you trust.        !!
!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!
"""


def main(arguments=None):
    options = parser().parse_args(arguments)
    for name in ("workers", "memory", "seconds", "processes", "output", "attempts", "pause"):
        given = getattr(options, name, None)
        if given is not None and not 1 <= given < math.inf:
            print(f"autograde: --{name} must be 1 or more, not {given:g}.", file=sys.stderr)
            return 2
    if options.command == "doctor":
        text, sandboxed = doctor.report()
        print(text)
        return 0 if sandboxed else 1
    if options.command != "feedback" and os.geteuid() == 0:
        print(
            "! You are root: what escapes from a sandbox would be root as well. Grade as an ordinary user.",
            file=sys.stderr,
        )
    try:
        if getattr(options, "db_url", None):
            address(options.db_url)  # a slip of the pen is best heard of before a class is graded
        if not names(options.course):
            raise AssignmentError(
                f"there is no course in {options.course.resolve()}: there is no folder with a notebook in its solutions/ or source/. "
                "Run this in the course's folder, or name that with --course."
            )
        return {"grade": _grade, "watch": _watch, "demo": _demo, "feedback": _feedback}[options.command](options)
    except (SandboxMissing, IntakeError, AssignmentError, GradebookError, Busy, OtherFormat) as problem:
        print(f"autograde: {problem}", file=sys.stderr)
        return 2
    except OSError as problem:
        print(
            f"autograde: {problem}. Nothing that was graded is lost: put that right and run the same command again.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("\nautograde: stopped. What was graded is kept: run the same command again to go on.", file=sys.stderr)
        return 130


def _grade(options):
    return _run_and_report(_settings(options), options)[0]


def _watch(options):
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what stops a service stops it as Ctrl-C does
    try:
        watch(_settings(options), Rules(options.attempts, options.pause), functools.partial(print, flush=True))
    except KeyboardInterrupt:
        print(
            "\nStopped. What was graded is kept, and the same command goes on with the rest. When no more attempts are to come, "
            f"`{_feedback_command(options)}` writes report, marks and feedback in full."
        )
    return 0


def _settings(options):
    if options.no_sandbox:
        print(SHOUT, file=sys.stderr)
    limits = Limits(
        memory=options.memory * MB, seconds=options.seconds, processes=options.processes, output=options.output * MB
    )
    return Settings(
        options.submissions,
        options.out,
        options.course,
        options.assignment,
        options.workers,
        options.scheduler,
        limits,
        not options.no_sandbox,
        getattr(options, "regrade", False),
        options.db_url,
        options.roster,
        dict(getattr(options, "out_of", ())),
    )


def _demo(options):
    chosen()
    folder = demo.write_class(options.out / "submitted", options.course)
    print(f"A class of {len(list(folder.iterdir()))}, in {folder}")
    # Nobody wants to watch an endless loop for ten minutes.
    status, report = _run_and_report(
        Settings(
            folder,
            options.out,
            options.course,
            only=demo.ASSIGNMENT,
            workers=options.workers,
            limits=Limits(seconds=45),
        ),
        options,
    )
    if not options.no_browser:
        webbrowser.open(report.resolve().as_uri())
    return status


def _run_and_report(settings, options):
    """Grade, write what people read, and say what happened; returns ``(exit status, report)``."""
    with on_screen() as progress:
        summary = run(settings, progress)
    report, marks = publish(settings.out, settings.gradebook, summary.unmatched, settings.out_of)
    asked_for = {(submission.student, folder_of(submission.assignment)) for submission in summary.submissions}
    count = Counter(line["status"] for line in marks if (line["student"], line["assignment"]) in asked_for)
    print(
        f"\n{len(asked_for)} submissions: {count['graded']} graded, {count['stopped']} stopped, "
        f"{count['unreadable']} unreadable (no points for what could not be read), {len(summary.failed)} not graded through the grader's fault; "
        f"{summary.reused} of {len(summary.submissions)} notebooks unchanged since an earlier run."
    )
    for path, reason in summary.unmatched:
        print(printable(f"  not matched: {path} ({reason})"))
    for submission, reason in summary.failed:
        print(printable(f"  NOT GRADED: {submission.student}, {submission.assignment}: {reason.splitlines()[-1]}"))
    if summary.unrecorded:
        print(f"  {len(summary.unrecorded)} results are not in the gradebook yet: run the same command again.")
    _say_what_is_next(report, marks, options)
    return (1 if summary.failed or summary.unrecorded else 0), report


def _say_what_is_next(report, marks, options):
    print(f"Report, feedback and marks: {report}")
    if waiting := sum(line["to_grade"] for line in marks):
        print(
            f"Submissions with written answers to mark: {waiting}. Run `{_formgrader_command(options)}`, "
            f"then `{_feedback_command(options)}`."
        )


def _out_words(options):
    out = options.out.resolve()
    return [] if out == Path("workspace").resolve() else ["--out", str(out)]


def _formgrader_command(options):
    """The command that opens formgrader on the same folder and gradebook."""
    words = [f"AUTOGRADE_OUT={shlex.quote(folder)}" for folder in _out_words(options)[1:]]
    words += ["AUTOGRADE_DB_URL=DB_URL"] if getattr(options, "db_url", None) else []  # it may hold a password
    return " ".join([*words, "make formgrader"])


def _feedback_command(options):
    """The command that writes everything again: of the same folder, course and gradebook, and with marks scaled as they were."""
    words = ["python", "-m", "autograde", "feedback", *_out_words(options)]
    words += ["--course", str(options.course)] if options.course != Path() else []
    words += ["--db-url", "DB_URL"] if getattr(options, "db_url", None) else []  # it may hold a password
    for name, points in getattr(options, "out_of", ()):
        words += ["--out-of", f"{name}={points:.12g}" if name else f"{points:.12g}"]
    return shlex.join(words)


def _feedback(options):
    settings = Settings(Path(), options.out, options.course, db_url=options.db_url)
    if not (options.out / "ledger.jsonl").is_file():
        print(f"autograde: there are no results in {options.out}: it has no ledger.", file=sys.stderr)
        return 2
    _say_what_is_next(*publish(options.out, settings.gradebook, out_of=dict(options.out_of)), options)
    return 0


def publish(out, db_url, unmatched=None, out_of=None):
    """Write feedback, marks and report from the results and the gradebook; the report's path, and the rows of marks.csv.

    ``unmatched`` are the files that belong to nobody; None: those of the last time.
    """
    with Ledger(out) as ledger:
        kept = Path(out) / "unmatched.json"
        if unmatched is None:
            unmatched = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else []
        else:
            write_safely(kept, json.dumps(list(unmatched), indent=1) + "\n")
        latest = list(ledger.states.values())
        marks = {}
        try:
            writer = Writer(db_url, patience=5)
            marks = {name: writer.marks(name) for name in {entry["assignment"] for entry in latest}}
            writer.close()
        except GradebookError as error:
            print(f"! {error}\n! Marks and feedback are without what was graded by hand.", file=sys.stderr)
        failed = [entry for entry in latest if entry["state"] == "failed"]
        return write_all(out, ledger.results(), marks, failed, unmatched, out_of)


def program():
    """Entry point of ``python -m autograde``: as `main`, on a terminal that may not be able to write every name."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    sys.exit(main())
