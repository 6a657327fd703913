"""Starts the bench: `.venv/bin/python bench/run.py --help` says what can be chosen."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's own folder is on the path; the bench is a package of the root.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from appkit.kernel import prefer_compiled

    prefer_compiled()
    from bench.command import entry

    sys.exit(entry())
