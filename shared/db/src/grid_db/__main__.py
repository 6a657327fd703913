"""`python -m grid_db`, and the command `grid-db`."""

import sys

from grid_db.cli import entry


def start() -> int:
    """Run the command line."""
    return entry()


if __name__ == "__main__":
    sys.exit(start())
