"""python -m bbu_reference check [DIR] [--json]: gridcore against recorded behaviour.

Exit codes: 0 nothing failed, 1 bad usage, 3 something failed, 4 nothing to judge.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bbu_reference.check import check_folder
from bbu_reference.vectors import BUNDLED
from bbu_reference.verdict import as_json, as_text

DONE, BAD_USAGE, FAILED, NOTHING_TO_JUDGE = 0, 1, 3, 4


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(BAD_USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge a folder of vectors and print the verdict."""
    parser = _Parser(prog="python -m bbu_reference", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="run gridcore against every vector file of a folder")
    check.add_argument("folder", nargs="?", type=Path, default=BUNDLED, metavar="DIR")
    check.add_argument("--json", action="store_true", help="print the verdict as JSON")
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        print(f"expected a folder with vector files, found {chosen.folder}", file=sys.stderr)
        return BAD_USAGE
    reports = check_folder(chosen.folder)
    if not reports:
        print(f"no vector files (*.json, *.json.gz) in {chosen.folder}", file=sys.stderr)
        return NOTHING_TO_JUDGE
    if chosen.json:
        print(json.dumps(as_json(reports), indent=1))
    else:
        for line in as_text(reports):
            print(line)
    return DONE if all(report.passed for report in reports) else FAILED


if __name__ == "__main__":
    sys.exit(main())
