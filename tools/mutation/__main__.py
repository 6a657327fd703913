"""`python -m tools.mutation`."""

import sys

from tools.mutation.command import entry

sys.exit(entry(sys.argv[1:]))
