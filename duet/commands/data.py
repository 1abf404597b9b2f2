"""``data``: download published data (the 30 tasks, or landscapes of instructions), or verify a folder of it."""

from __future__ import annotations

from collections.abc import Sequence

from duet.messages import OneLineParser
from duet.tasks import download


def run(argv: Sequence[str]) -> int:
    """Runs ``data download`` or ``data verify``; returns the exit code."""
    parser = OneLineParser(prog="duet data", description=__doc__)
    download.add_arguments(parser)
    return download.run(parser.parse_args(argv))
