"""Everything that the course promises to be fast, in one table: `make bench`.

    python benchmarks [SECTION ...] [--output docs/bench.json]

Sections: training, notebooks, checks, grading, explorer; all of them take about an hour on two
cores. Every figure stands beside a baseline measured in the same run. Sections that are not
measured now keep what the file says of them, with the machine and date of that run. The table
also goes into ``docs/speed.md``.
"""

import argparse
import datetime
import importlib
import json
import re
from pathlib import Path

from table import Row, machine, markdown

SECTIONS = ("training", "notebooks", "checks", "grading", "explorer")
DOCS = Path(__file__).resolve().parents[1] / "docs"
TABLE = ("<!-- table -->\n", "<!-- end of table -->\n")  # in speed.md, between these


def write(path, found):
    """As indented JSON with every list of numbers on one line."""
    text = json.dumps(found, indent=1)
    text = re.sub(r"\[[^][{}\"]*\]", lambda numbers: " ".join(numbers[0].split()), text)
    path.write_text(text + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="what to measure (default: everything)")
    parser.add_argument("--output", type=Path, default=DOCS / "bench.json")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    found = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else {}
    for section in options.sections or SECTIONS:
        print(f"\n## {section}", flush=True)
        rows = importlib.import_module(section).measure()
        found[section] = {
            "machine": machine(),
            "date": datetime.date.today().isoformat(),
            "rows": [row.as_json() for row in rows],
        }
        # After each section: an interrupted run keeps what it has.
        write(options.output, {s: found[s] for s in SECTIONS if s in found})
        print(markdown(rows), flush=True)
    table = markdown([Row.from_json(row) for s in SECTIONS if s in found for row in found[s]["rows"]])
    print(f"\n# All sections\n\n{table}")
    page = options.output.with_name("speed.md")
    if page.exists():
        before, _, rest = page.read_text(encoding="utf-8").partition(TABLE[0])
        page.write_text(before + TABLE[0] + table + "\n" + TABLE[1] + rest.partition(TABLE[1])[2], encoding="utf-8")
    print(f"\nWritten to {options.output}")


if __name__ == "__main__":
    main()
