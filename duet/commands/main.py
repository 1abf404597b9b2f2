"""Duet's command line: ``duet fit --config task.yaml``. Each command has --help."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import traceback
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn, Protocol

from duet.commands import fit_help
from duet.commands.early_check import check
from duet.exit_codes import EXPECTED, INTERRUPTED, TERMINATED, UNEXPECTED, exit_code, is_out_of_memory
from duet.interrupts import handled
from duet.messages import OneLineParser, plain_message, printable
from duet.models.endpoint import without_secrets
from duet.session.output import our_lines

COMMANDS = {
    "fit": "search for the best instruction of a task",
    "evaluate": "score instructions of your own, with intervals and differences",
    "doctor": "check what settings would use: models, memory, money, cache",
    "benchmark": "run tasks x methods x seeds x ablations, each a resumable fit",
    "cache": "show, prune or clear the cache of paid answers",
    "report": "make tables, figures and one page from run folders",
    "compare": "test two runs, or two instructions, example by example",
    "export": "write the best prompt as text, chat messages, for promptfoo or DSPy",
    "data": "download the 30 published tasks, or verify a folder of them",
}
NEED_TORCH = ("fit", "evaluate", "doctor", "benchmark")
log = logging.getLogger("duet")
KEPT = "paid answers are saved, and rerunning the command resumes"


class Command(Protocol):
    """A module of ``commands``, one per subcommand."""

    def run(self, argv: Sequence[str]) -> int:
        """Does it and returns the exit code."""
        ...


class Terminated(SystemExit):
    """SIGTERM came."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns the exit code; bad input gets one line on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    with our_lines(), handled(interrupt):
        try:
            return dispatch(arguments)
        except (KeyboardInterrupt, Terminated, *EXPECTED) as error:
            message, code = explain(error)
            lines = traceback.format_exc() if debug else ""
        return fail(message, code, lines)  # out of its handler: what the failed frames still held has ended and is said


def dispatch(arguments: list[str]) -> int:
    """Hands the arguments to the subcommand; nothing heavy is imported before."""
    listed = "\n".join(f"  {name:10} {what}" for name, what in COMMANDS.items())
    parser = OneLineParser(
        prog="duet", description=__doc__, epilog=f"commands:\n{listed}", formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
    parser.add_argument("command", choices=COMMANDS, metavar="command", help="one of those below")
    command: str = parser.parse_args(arguments[:1]).command
    if command == "fit" and fit_help.wanted(arguments[1:]):
        sys.stdout.write(fit_help.text())
        return 0
    if command == "fit":
        arguments = fit_help.without_all(arguments)
    if command in ("fit", "doctor"):
        check(arguments[1:])
    if command in NEED_TORCH and "torch" not in sys.modules:
        log.info("Loading PyTorch")  # takes seconds
    return imported(f"duet.commands.{command}").run(arguments[1:])


def imported(name: str) -> Command:
    """The module, imported in three quarters of the time.

    What torch and its like leave behind in importing is hundreds of thousands of objects and next to no garbage: the
    collector rests meanwhile, and never looks at them again.
    """
    if name in sys.modules or not gc.isenabled():
        return import_module(name)
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def explain(error: Exception | KeyboardInterrupt | Terminated) -> tuple[str, int]:
    """The line and the exit code for an error."""
    if isinstance(error, KeyboardInterrupt):
        return f"interrupted; {KEPT}", INTERRUPTED
    if isinstance(error, Terminated):
        return f"terminated; {KEPT}", TERMINATED
    text, code = str(error), exit_code(error)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    message = plain_message(text) or type(error).__name__
    if is_out_of_memory(error):
        message = (
            f"not enough memory; lower the largest numbers among the settings, or take a smaller model ({message})"
        )
    if code == UNEXPECTED:
        message = f"unexpected {type(error).__name__}: {message} (--debug shows more)"
    return message, code


def fail(message: str, code: int, lines: str) -> int:
    """One line on standard error, below the lines of a traceback if they are wanted: never the values of variables."""
    sys.stderr.write(without_secrets(lines))
    sys.stderr.write(f"duet: {printable(without_secrets(message))}\n")
    return code


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Raises where the program stands, or once the answers that are under way are stored.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        Terminated: SIGTERM.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(128 + number)


if __name__ == "__main__":
    sys.exit(main())
