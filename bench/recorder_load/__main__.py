"""`python -m bench.recorder_load`: event-saver under load."""

import sys

from bench.recorder_load.command import entry

if __name__ == "__main__":
    sys.exit(entry())
