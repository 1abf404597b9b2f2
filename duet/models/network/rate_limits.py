"""Requests and tokens per minute, spread evenly, so that no window of a minute holds more than allowed.

aiolimiter's leaky bucket lets a whole minute's amount through at once and then continues, so a window may hold twice as
much; and it refuses an amount larger than the limit, where one long prompt has to wait its turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from duet.models.base import Request

_CHARACTERS_PER_TOKEN = 4  # as providers estimate a prompt before they count it


class Pace:
    """Says when the next one may start, if each amount takes its share of a minute.

    >>> now = [0.0]
    >>> pace = Pace(per_minute=60, clock=lambda: now[0])
    >>> pace.charge(2)
    >>> pace.seconds_to_wait
    2.0

    Args:
        per_minute: the most per minute; None is no limit.
        clock: seconds of a clock that never goes back.
    """

    def __init__(self, per_minute: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds_each = 60 / per_minute if per_minute else 0.0
        self._clock = clock
        self._next = clock()

    @property
    def seconds_to_wait(self) -> float:
        """Until the next one may start."""
        return max(0.0, self._next - self._clock())

    def charge(self, amount: float) -> None:
        """Counts one that starts now."""
        self._next = max(self._next, self._clock()) + amount * self._seconds_each


class RateLimits:
    """The two limits that providers set.

    Args:
        requests_per_minute: most requests, retries among them; None is no limit.
        tokens_per_minute: most tokens, by the estimate that providers use: the prompt and the longest answer.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        requests_per_minute: float | None,
        tokens_per_minute: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = Pace(requests_per_minute, clock)
        self._tokens = Pace(tokens_per_minute, clock)

    @property
    def seconds_to_wait(self) -> float:
        """Until the next request may be sent."""
        return max(self._requests.seconds_to_wait, self._tokens.seconds_to_wait)

    def charge(self, request: Request) -> None:
        """Counts a request that is sent now."""
        self._requests.charge(1)
        self._tokens.charge(len(request.prompt) / _CHARACTERS_PER_TOKEN + request.max_tokens)
