"""Command line: `python -m bench.streams survival [NAME...]`, `quiet [--cycles N]` or `load`."""

import argparse
import logging
import sys
from pathlib import Path

from bench.streams import load, quiet, survival


def entry() -> int:
    """Plays what was asked for; 0 when it holds, 3 when it does not."""
    parser = argparse.ArgumentParser(prog="bench.streams", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    rows = commands.add_parser("survival", help="pybit's ways to die, one after another")
    rows.add_argument("names", nargs="*", help="only rows whose name contains one of these")
    pings = commands.add_parser("quiet", help="a private stream on which nothing happens")
    pings.add_argument("--cycles", type=int, default=1_100)
    pings.add_argument("--record", type=Path, help="write the pongs' lateness to this file")
    flood = commands.add_parser("load", help="2,000 public and 200 private frames a second")
    flood.add_argument("--seconds", type=int, default=60)
    wanted = parser.parse_args()
    # The libraries log every loss; here losses are what is asked for.
    for name in ("websocket", "pybit._websocket_stream"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if wanted.command == "survival":
        holds = survival.show(wanted.names)
    elif wanted.command == "load":
        holds = load.show(wanted.seconds)
    else:
        holds = quiet.show(wanted.cycles, wanted.record)
    return 0 if holds else 3


if __name__ == "__main__":
    sys.exit(entry())
