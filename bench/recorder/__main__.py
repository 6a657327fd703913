"""`python -m bench.recorder`: what event-saver keeps of a troubled market."""

import sys

from bench.recorder.command import entry

if __name__ == "__main__":
    sys.exit(entry())
