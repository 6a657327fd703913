"""`python -m bench.database`: rows a second, bytes a trade and memory, on both dialects."""

import sys

from bench.database.command import entry

if __name__ == "__main__":
    sys.exit(entry())
