"""`python -m backtest` is the same as the command `backtest`."""

import sys

from backtest.main import entry

if __name__ == "__main__":
    sys.exit(entry())
