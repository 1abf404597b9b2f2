"""``cache``: what the call cache holds, and how to make it smaller; an answer that is gone has to be paid for again."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from duet.messages import OneLineParser
from duet.spending.cache_file import CacheStats, cache_stats, prune, user_cache_path

ACTIONS = {
    "stats": "entries, size and age, by endpoint and model",
    "prune": "remove old answers, or those of one model",
    "clear": "remove all answers; requires --yes",
}

_WIDTH = 100


def run(argv: Sequence[str]) -> int:
    """Runs ``cache stats``, ``cache prune`` or ``cache clear``; returns the exit code.

    Raises:
        ValueError: a wrong argument, or a file that is no cache.
    """
    arguments = _parser().parse_args(argv)
    path: Path = arguments.path
    if arguments.action == "stats":
        sys.stdout.write("\n".join(stats(path)) + "\n")
        return 0
    if arguments.action == "clear" and not arguments.yes:
        entries = sum(entry.entries for entry in cache_stats(path))
        raise ValueError(
            f"cache clear: expected --yes, as {entries:,} answers in {path} would have to be paid for again"
        )
    if arguments.action == "prune" and arguments.older_than is None and arguments.model is None:
        raise ValueError("cache prune: expected --older_than DAYS or --model M but got neither")
    limits = (arguments.older_than, arguments.model) if arguments.action == "prune" else ()
    sys.stdout.write(f"{prune(path, *limits):,} answers removed from {path}\n")
    return 0


def stats(path: Path) -> list[str]:
    """The report: the file, then one line per black box."""
    found = cache_stats(path)
    size = path.stat().st_size if path.exists() else 0
    head = f"{path}: {sum(entry.entries for entry in found):,} answers, {size:,} bytes"
    return [head, *(f"  {_line(entry)}" for entry in found)]


def _line(entry: CacheStats) -> str:
    known = None not in (entry.oldest, entry.newest)
    age = f"{_day(entry.oldest)} to {_day(entry.newest)}" if known else "of unknown age"
    name = repr(entry.identity)[1:-1][:_WIDTH] if entry.identity else "from an earlier version"  # no control characters
    refused = f" ({entry.unanswered:,} refused, filtered or empty)" if entry.unanswered else ""
    return f"{name}: {entry.entries:,} answers{refused}, {entry.size:,} bytes, {age}"


def _day(seconds: int | None) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _parser() -> OneLineParser:
    parser = OneLineParser(prog="duet cache", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar=f"{{{','.join(ACTIONS)}}}")
    for action, text in ACTIONS.items():
        one = actions.add_parser(action, help=text, description=text)
        one.add_argument(
            "--path",
            type=lambda value: Path(value).expanduser(),
            default=user_cache_path(),
            help="the cache: calls.sqlite of a run folder, or by default the one that your runs share: %(default)s",
        )
        if action == "prune":
            one.add_argument("--older_than", type=days, metavar="DAYS", help="only answers older than this many days")
            one.add_argument("--model", metavar="M", help="only answers of this model, named in full")
        if action == "clear":
            one.add_argument("--yes", action="store_true", help="really")
    return parser


def days(text: str) -> float:
    """A number of days.

    Raises:
        ValueError: it is none.
    """
    number = float(text)
    if not number >= 0:
        raise ValueError(text)
    return number
