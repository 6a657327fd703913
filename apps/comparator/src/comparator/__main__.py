"""`python -m comparator`, and what the command `comparator` starts: the compiled kernel first."""

import sys

from appkit.kernel import prefer_compiled


def start() -> int:
    """Run the command line on the compiled kernel where there is one."""
    prefer_compiled()
    from comparator.cli import entry  # the import path is settled just before

    return entry()


if __name__ == "__main__":
    sys.exit(start())
