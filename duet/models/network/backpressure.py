"""Slows down all requests of a black box together where its server says that they come too fast."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping

from duet.models.network.retry_times import remaining_requests, seconds_until_renewed

_POLL = 0.005  # seconds
_UNSAID = 0.05  # seconds; every request that was refused has a longer pause of its own


class Backpressure:
    """Lets requests pass one at a time or in a window that grows with every answer and halves with every refusal.

    As long as no request was refused, the window has no limit. After a refusal nothing is sent until the server wants
    it again: a request that waits here is no request that is refused once more.

    Args:
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._window = math.inf
        self._active = 0
        self._closed_until = -math.inf
        self._remaining = math.inf  # requests, by the last answer

    @property
    def seconds_to_wait(self) -> float:
        """Until the server wants the next request."""
        return max(0.0, self._closed_until - self._clock())

    async def enter(self) -> None:
        """Waits for a place in the window; every ``enter`` is followed by a ``leave``."""
        while (seconds := self.seconds_to_wait) or self._active + 1 > min(self._window, self._remaining):
            await asyncio.sleep(max(seconds, _POLL))
        self._active += 1

    def leave(self) -> None:
        """Gives the place back."""
        self._active -= 1

    def answered(self, headers: Mapping[str, str]) -> None:
        """Counts an answer: the window grows by one for every window of answers.

        Where requests were refused before, an answer that says that its limit is used up closes the window, too.

        Args:
            headers: of the reply.
        """
        if self._window == math.inf:
            return
        self._window += 1 / self._window
        remaining, seconds = remaining_requests(headers), seconds_until_renewed(headers)
        self._remaining = max(1.0, remaining) if remaining is not None and seconds is None else math.inf
        self._close(seconds or 0.0)

    def refused(self, seconds: float | None) -> None:
        """Counts a request that came too fast; those that were sent before the server said so count once together.

        Args:
            seconds: until the server wants the next one; None if it does not say.
        """
        if not self.seconds_to_wait:
            self._window = max(1.0, min(self._window, self._active) / 2)
        self._close(_UNSAID if seconds is None else seconds)

    def _close(self, seconds: float) -> None:
        self._closed_until = max(self._closed_until, self._clock() + seconds)
