"""`python -m simvenue.campaign`."""

import sys

from simvenue.campaign.command import main

if __name__ == "__main__":
    sys.exit(main())
