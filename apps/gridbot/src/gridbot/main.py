"""`python -m gridbot.main [--config FILE]`: how older installations start it (live.md 4.24).

It is `gridbot run`, with the same options.
"""

import sys

from appkit.kernel import prefer_compiled


def start() -> int:
    """Run the daemon with the options of `gridbot run`; gives its exit code."""
    prefer_compiled()
    from gridbot.cli import entry  # the import path is settled just before

    return entry(["run", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(start())
