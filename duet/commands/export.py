"""``export``: a run's best prompt as text, as chat messages, for promptfoo, or for DSPy."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from duet.atomic_files import replace_text
from duet.messages import OneLineParser
from duet.reporting.export import FORMATS
from duet.reporting.runs import read_only_run


def run(argv: Sequence[str]) -> int:
    """Runs ``export``; returns the exit code.

    Raises:
        ValueError: the folder can't be read, or didn't record its prompt.
    """
    options = _parser().parse_args(argv)
    text = FORMATS[options.format](read_only_run(options.run))
    if options.output:
        replace_text(options.output, text)
    else:
        sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))
        sys.stdout.flush()
    return 0


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="duet export", description=__doc__)
    parser.add_argument("run", metavar="RUN", type=Path, help="a run folder")
    parser.add_argument(
        "--format", choices=FORMATS, default="text",
        help="text: the whole prompt; messages: the same as chat messages (JSON); promptfoo: a promptfooconfig.yaml "
        "with the run's examples as tests; dspy: a Python snippet (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--output", metavar="FILE", type=Path, help="the file to write (default: standard output)")
    return parser
