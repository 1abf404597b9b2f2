"""The command line of Duet: ``python cli.py fit --config task.yaml``; the installed command ``duet`` is the same."""

import sys

from duet.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
