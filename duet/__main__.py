"""``python -m duet`` is the command ``duet``."""

import sys

from duet.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
