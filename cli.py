"""Duet's command line: ``python cli.py fit --config task.yaml``. Every subcommand has ``--help``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence

COMMANDS = {
    "fit": "search for the best instruction of a task",
    "data": "download the 30 published tasks, or verify a folder that holds them",
}
DONE, UNEXPECTED, BAD_INPUT, PROVIDER, SPENT, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns the exit code; bad input gets one line on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    logging.basicConfig(stream=sys.stderr, format="%(message)s")
    logging.getLogger("duet").setLevel(logging.INFO)
    try:
        return dispatch(arguments)
    except KeyboardInterrupt:
        return fail("interrupted; what was paid for is kept, and the same command goes on", INTERRUPTED, debug)
    except (ValueError, TypeError, OSError, RuntimeError, LookupError, ArithmeticError, AttributeError) as error:
        return fail(*explain(error), debug)


def dispatch(arguments: list[str]) -> int:
    """Hands the arguments to the subcommand; nothing heavy is imported before."""
    parser = argparse.ArgumentParser(prog="cli.py", description=__doc__, add_help=True)
    parser.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
    parser.add_argument(
        "command", choices=COMMANDS, metavar="command", help="; ".join(f"{k}: {v}" for k, v in COMMANDS.items())
    )
    known = parser.parse_args(arguments[:1])
    if known.command == "fit":
        from commands import fit

        return fit.run(arguments[1:])
    from commands import data

    return data.run(arguments[1:])


def explain(error: Exception) -> tuple[str, int]:
    """The line and the exit code for an error."""
    from llms.errors import BudgetSpent, ProviderError

    message = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, ProviderError):
        return message, PROVIDER
    if isinstance(error, BudgetSpent):
        return message, SPENT
    if isinstance(error, ValueError):
        return message, BAD_INPUT
    return f"unexpected {type(error).__name__}: {message} (--debug shows more)", UNEXPECTED


def fail(message: str, code: int, debug: bool) -> int:
    """One line on standard error."""
    if debug:
        traceback.print_exc()
    sys.stderr.write(f"duet: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
