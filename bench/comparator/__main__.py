"""`python -m bench.comparator`: seconds and memory of one comparison."""

import sys

from bench.comparator.command import entry

if __name__ == "__main__":
    sys.exit(entry())
