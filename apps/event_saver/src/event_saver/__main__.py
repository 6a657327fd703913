"""`python -m event_saver`, and the command `event-saver`."""

import sys

from event_saver.cli import entry


def start() -> int:
    """Run the command line."""
    return entry()


if __name__ == "__main__":
    sys.exit(start())
