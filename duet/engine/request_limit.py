"""Holds a method to the number of requests that it declares, so that a run's estimate is true for any method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Request, always


class RequestLimit(AbstractWrapper):
    """Counts a method's requests in one proposal.

    Args:
        inner: the black box that writes instructions.
        method: the method's name, for the error.
    """

    def __init__(self, inner: AbstractBlackBox, method: str) -> None:
        super().__init__(inner)
        self._method = method
        self._most = self._left = 0

    def allow(self, most: int) -> None:
        """Begins a proposal with at most this many requests."""
        self._most = self._left = most

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Passes the requests on.

        Raises:
            ValueError: they are more than the method declares.
        """
        if len(requests) > self._left:
            raise ValueError(
                f"{self._method} sent more than the {self._most} requests per proposal that longest_requests declares"
            )
        self._left -= len(requests)
        return self._inner.stream(requests, may_send)
