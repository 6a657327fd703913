"""`python -m bench.wire`: measurements over sockets."""

import sys

from bench.wire.command import entry

if __name__ == "__main__":
    sys.exit(entry())
