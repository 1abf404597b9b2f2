"""One progress bar for the search on a terminal and in a notebook, plain lines elsewhere."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from lightning import Callback, LightningModule, Trainer
from tqdm import tqdm

from callbacks.instruction_search import pool_of
from duet.amounts import usd
from duet.engine.search import Search
from duet.messages import printable
from duet.pool import Pool

SHOWN = 200  # characters of an instruction
log = logging.getLogger("duet")


class SearchProgress(Callback):
    """Shows iteration, best score with its interval, calls, cost and time left; it owns no state.

    Args:
        search: what grows the pool.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self._bar: tqdm[Any] | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The bar opens once the initial instructions have their scores."""
        pool = pool_of(trainer).pool
        best = pool.best()
        log.info(
            "%d instructions scored, best %s, %s: %s",
            len(pool), _score(pool), self._cost(), printable(best.text, SHOWN),
        )  # fmt: skip
        if bar := bar_class():
            self._bar = bar(total=self.search.iterations, initial=pool.iteration - 1, desc="Search", unit="iteration")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """One step of the bar, or one line."""
        pool = pool_of(trainer).pool
        last = pool.observations[-1]
        if last.iteration < 1:
            return
        if self._bar is not None:
            self._bar.set_postfix_str(f"best {_score(pool)}, {self._cost()}")
            self._bar.update(last.iteration - self._bar.n)
            return
        best = pool.best()
        new_best = f"  <- new best: {printable(best.text, SHOWN)}" if has_new_best(pool) else ""
        log.info(
            "iteration %d/%d: scored %s, best %s, %s%s%s",
            last.iteration, self.search.iterations, _new_scores(pool, last.iteration), _score(pool), self._cost(),
            self._rejected(), new_best,
        )  # fmt: skip

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Closes the bar."""
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Closes the bar, so that the error stands on a line of its own."""
        self._close()

    def _cost(self) -> str:
        calls, paid = f"{self.search.accounts.usage.calls} calls", self.search.accounts.usd
        return f"{calls}, {usd(paid)} of likely {usd(self.search.likely().usd)}" if paid else calls

    def _rejected(self) -> str:
        """How many texts of the last step were rejected, and why; nothing if none was."""
        rejected = Counter(self.search.last.rejected) if self.search.last else Counter[str]()
        reasons = ", ".join(f"{count} {reason}" for reason, count in rejected.most_common())
        return f", {rejected.total()} rejected ({reasons})" if reasons else ""

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def has_new_best(pool: Pool) -> bool:
    """Whether the last iteration brought a text that is better than the best one before: not as good, nor the same."""
    best, former = pool.best(), Pool(tuple(row for row in pool if row.iteration < pool.observations[-1].iteration))
    if not len(former) or best.text in former.texts:
        return False
    return pool.posterior_mean(best) > pool.posterior_mean(former.best())


def _new_scores(pool: Pool, iteration: int) -> str:
    """Returns how many instructions an iteration scored, and the best of their scores."""
    new = [row for row in pool if row.iteration == iteration]
    best = max(new, key=lambda row: row.score)
    several = f"{len(new)}, up to " if len(new) > 1 else ""
    return f"{several}{best.score:.3f} on {best.n}"


def bar_class() -> type[tqdm[Any]] | None:
    """The bar of a terminal, or of a notebook that can show one; None elsewhere: plain lines."""
    if sys.stderr.isatty():
        return tqdm
    if "ipykernel" in sys.modules and find_spec("ipywidgets"):
        return getattr(import_module("tqdm.notebook"), "tqdm", None)
    return None


def _score(pool: Pool) -> str:
    """The score that is expected of the best instruction on new examples, with its number of examples and interval."""
    best = pool.best()
    low, high = pool.prior.interval(sum(best.scores), best.n)
    return f"{pool.posterior_mean(best):.3f} on {best.n} [{low:.2f}, {high:.2f}]"
