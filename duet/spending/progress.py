"""Says how far a long stream of answers has come, and what was paid."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Request, always

log = logging.getLogger("duet")
EVERY_SECONDS = 10.0


class ProgressBlackBox(AbstractWrapper):
    """Logs a line every ten seconds while answers come.

    Args:
        inner: the black box that answers.
        so_far: what the run has paid, as the end of a line.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        inner: AbstractBlackBox,
        so_far: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(inner)
        self._so_far, self._clock = so_far, clock

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Passes everything on."""
        done, said = 0, self._clock()
        for arrived in self._inner.stream(requests, may_send):
            done += len(arrived)
            if self._clock() - said >= EVERY_SECONDS and done < len(requests):
                said = self._clock()
                log.info("%d of %d answers%s", done, len(requests), self._so_far())
            yield arrived
