"""The lines that a run prints: Duet's own, and none of the libraries' below it."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TextIO

from duet.messages import fitted

FAMILIAR_NOISE = (
    ".*does not have many workers.*",
    ".*No `?val_dataloader.*",
    ".*was not in .*on_train_epoch_end.*",
    ".*GPU available but not used.*",
    ".*LeafSpec.*",
    ".*exists and is not empty.*",
    ".*treespec.*",
)
LIBRARIES = ("lightning.pytorch", "lightning.fabric", "lightning")
log = logging.getLogger("duet")


class Fitted(logging.StreamHandler[TextIO]):
    """Writes lines that are no wider than the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, broken between words; before the stream adds its line end."""
        return fitted(super().format(record), self.stream)


def quiet() -> None:
    """Our own lines only: Lightning's tips and the familiar warnings say nothing about a search."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")  # of what LightningCLI calls
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)
    for pattern in FAMILIAR_NOISE:
        warnings.filterwarnings("ignore", pattern)


@contextmanager
def our_lines() -> Iterator[None]:
    """The project's log goes to standard error, no wider than a terminal; no thread prints a traceback there."""
    former, threading.excepthook = threading.excepthook, _thread_failed
    handler = Fitted(sys.stderr)
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    propagate, log.propagate = log.propagate, False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = propagate
        threading.excepthook = former


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    """Says nothing of what fails in the writer of the curves, which raises it where the run sees it.

    Its file may not be writable; and a signal can interrupt the run while it hands over a point, which the writer then
    counts once too often.
    """
    writes_curves = type(failure.thread).__module__.partition(".")[0] == "tensorboard"
    if not writes_curves and not isinstance(failure.exc_value, OSError):
        threading.__excepthook__(failure)


@contextmanager
def library_lines(progress: bool) -> Iterator[None]:
    """Shows a Python program Duet's own lines on standard error, unless it has a handler for them itself.

    The program's warnings, loggers and random streams are afterwards as they were.
    """
    from lightning.pytorch.utilities.seed import isolate_rng  # before all: to import it sets its loggers

    libraries = [logging.getLogger(name) for name in LIBRARIES]
    levels = [logger.level for logger in libraries]
    shown = our_lines() if progress and not log.handlers else nullcontext()
    with warnings.catch_warnings(), shown, isolate_rng():
        quiet()
        try:
            yield
        finally:
            for logger, level in zip(libraries, levels, strict=True):
                logger.setLevel(level)
