"""`python -m bench.gridbot`: the whole daemon against the simulator, for an hour or in chaos."""

import sys

from bench.gridbot.command import entry

if __name__ == "__main__":
    sys.exit(entry())
