"""A model behind an OpenAI-compatible endpoint (chat completions)."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from duet.models.base import NOT_SENT, AbstractBlackBox, Arrived, CallFailure, Completion, Outcome, Request, always
from duet.models.endpoint import Endpoint
from duet.models.errors import ProviderError
from duet.models.network.backpressure import Backpressure
from duet.models.network.rate_limits import RateLimits
from duet.models.network.refusals import Refused, hint, refusal
from duet.models.network.replies import HttpReply, Passing, Reading, Unusable, one_line, read_reply
from duet.models.network.request_fields import RequestFields
from duet.models.prices import Prices
from duet.models.providers import locate, require_secrets, room_to_reason

if TYPE_CHECKING:
    from duet.models.network.connection import Connection
    from duet.models.network.flight import Flight

log = logging.getLogger("duet")
_CONNECT_SECONDS = 10.0
_FIRST_CONTACT_SECONDS = 15.0  # how long an endpoint that never replied is tried again
_LOADING_SECONDS = 120.0  # the same for one on this machine, which may be about to start
_GRACE_SECONDS = 3.0  # how long what is under way may still arrive, once the provider turned out to be unusable
_LONGEST_PAUSE = 8.0
# What leaves together comes back together and then waits for one another: so requests leave a few at a time.
_TOGETHER, _APART = 4, 0.001  # seconds


class Carrier(Protocol):
    """What carries requests to a server and replies back."""

    async def post(self, body: dict[str, Any]) -> HttpReply:
        """The reply to one chat completion."""

    def flight(self) -> Flight[Any]:
        """For the requests of one stream."""


class OpenAIBlackBox(AbstractBlackBox):
    """Sends prompts as single user messages, many at once, and asks again where trouble may pass.

    That is a time-out, a dropped connection, a garbled reply, 408, 409, 425, 429 or 5xx: it pauses as long as the
    server says (Retry-After), else twice as long each time. A request that is not answered within ``patience`` is a
    failure of its own, if others were answered meanwhile; if none was, the provider can't be used.

    The key comes from an environment variable and from nowhere else; an endpoint other than OpenAI's may go without one
    as long as no variable is named.

    Args:
        model: its name at the endpoint.
        base_url: address of the endpoint; None is OPENAI_BASE_URL or else OpenAI's.
        max_concurrency: most requests that are under way at once, or whose answers are not stored yet.
        timeout: seconds that one attempt may take.
        patience: seconds that a request may take with all its attempts and pauses.
        pause: seconds before the second attempt; then twice as long each time, up to 8.
        requests_per_minute: most requests per minute; None is no limit.
        tokens_per_minute: most tokens per minute, prompts and longest answers together; None is no limit.
        system_prompt: sent before every prompt, if given.
        prices: US dollars per million tokens; None is the list prices at OpenAI's and DeepSeek's own address.
        key_variable: environment variable that holds the key, such as a second provider's; None is OPENAI_API_KEY.
        fields: fields of every request: a value sets one (``top_p: 0.9``, ``reasoning_effort: low``), null leaves one
            out (``temperature: null``); ``extra_body`` is understood. A field that the server refuses is left out or
            renamed by itself.
        reasoning_tokens: tokens that an answer may have beyond its limit, for a model that reasons before it answers;
            None is 4,096 for models that are known to reason, and 0 for others.
        headers: more headers, each with the environment variable that holds its value: ``{api-key: AZURE_API_KEY}``.
        query: parameters of the address, such as ``{api-version: "2024-10-21"}``.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        max_concurrency: int = 16,
        timeout: float = 60.0,
        patience: float = 300.0,
        pause: float = 0.5,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        system_prompt: str | None = None,
        prices: Prices | None = None,
        key_variable: str | None = None,
        fields: dict[str, Any] | None = None,
        reasoning_tokens: int | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> None:
        if max_concurrency < 1:
            raise ValueError(f"Expected max_concurrency to be at least 1 but got {max_concurrency}")
        _check_positive(timeout=timeout, patience=patience, pause=pause)
        _check_positive(requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
        self._endpoint = locate(model, base_url, prices, key_variable, headers, query)
        self._model, self._base_url = self._endpoint.model, self._endpoint.address
        limit = "max_completion_tokens" if self._endpoint.is_openai else "max_tokens"
        room = room_to_reason(self._model) if reasoning_tokens is None else reasoning_tokens
        if room < 0:
            raise ValueError(f"Expected reasoning_tokens of at least 0 but got {room}")
        self._fields = RequestFields(self._model, limit, fields, room)
        self._max_concurrency = max_concurrency
        self._timeout, self._patience, self._pause = timeout, patience, pause
        self._limits = RateLimits(requests_per_minute, tokens_per_minute)
        self._backpressure = Backpressure()
        self._system_prompt = system_prompt
        self._open_connection: Carrier | None = None
        self._random = random.Random()  # for pauses; the global stream is left alone
        self._was_reached = self._has_said_so = False
        self._connect: Callable[[], Carrier] = self._own_connection
        self._last_answer = float("-inf")  # when any request was last answered

    @property
    def identity(self) -> str:
        """Endpoint, model, system prompt and the user's fields."""
        query = urlencode(self._endpoint.query)
        address = f"{self._base_url}?{query}" if query else self._base_url
        return ":".join(["openai", address, self._model, *filter(None, [self._system_prompt, self._fields.identity])])

    @property
    def overhead(self) -> int:
        """The system prompt's."""
        return len((self._system_prompt or "").encode(errors="replace"))

    @property
    def answer_overhead(self) -> int:
        """The room to reason, or what the user's own limit allows."""
        return self._fields.answer_overhead

    @property
    def endpoint(self) -> Endpoint:
        """Address, model, prices and where the key is."""
        return self._endpoint

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, up to ``max_concurrency`` at once; all slots are busy as long as there are enough.

        Raises:
            ProviderError: the key, the account or the model is no good, or nothing was answered for too long.
        """
        if not requests:
            return
        connection, waiting = self._connection(), deque(enumerate(requests))
        flight: Flight[Outcome] = connection.flight()
        try:
            while waiting or flight:
                yield from self._send(connection, waiting, flight, may_send)
                has_room = waiting and len(flight) < self._max_concurrency
                ended = flight.wait(max(self._limits.seconds_to_wait, _APART) if has_room else None)
                yield from _handed_over(ended)
                if trouble := _trouble(ended):
                    yield from _handed_over(flight.wait_for_all(_GRACE_SECONDS))
                    raise trouble
        finally:
            flight.cancel()

    def _send(
        self,
        connection: Carrier,
        waiting: deque[tuple[int, Request]],
        flight: Flight[Outcome],
        may_send: Callable[[], bool],
    ) -> Iterator[Arrived]:
        """Fills free slots, as fast as the limits allow; hands over what may not be sent any more."""
        room = min(self._max_concurrency - len(flight), _TOGETHER, len(waiting))
        for _ in range(room):
            if self._limits.seconds_to_wait:
                return
            if not may_send():
                yield {index: NOT_SENT for index, _ in waiting}
                waiting.clear()
                return
            index, request = waiting.popleft()
            self._limits.charge(request)
            flight.start(index, self._answer(connection, request, may_send))

    async def _answer(self, connection: Carrier, request: Request, may_send: Callable[[], bool]) -> Outcome:
        """All attempts at one request.

        Raises:
            ProviderError: see ``stream``.
        """
        began, pause = time.monotonic(), self._pause
        reason = f"no answer within {self._patience:.3g} seconds"
        while True:
            reading = await self._attempt(connection, request, began + self._patience - time.monotonic())
            if isinstance(reading, Unusable):
                raise ProviderError(f"{self._base_url} refuses: {reading.reason}")
            if not isinstance(reading, Passing):
                self._last_answer = time.monotonic()
                return reading
            reason = reading.reason or reason
            seconds = self._random.uniform(pause / 2, pause)
            if reading.wait is not None:  # a little later, so that not all come back at once
                seconds = reading.wait + self._random.uniform(0, self._pause / 2)
            if not may_send() or time.monotonic() + seconds >= began + self._most_seconds:
                return self._given_up(reason, began, may_send)
            await asyncio.sleep(seconds)
            self._limits.charge(request)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _attempt(self, connection: Carrier, request: Request, most_seconds: float) -> Reading:
        """One attempt; a request with a field that is refused is built anew and sent again at once."""
        until = time.monotonic() + most_seconds
        while True:
            body = self._fields.body(request, self._system_prompt)
            reading = await self._post(connection, request, body, until - time.monotonic())
            if not isinstance(reading, Refused):
                return reading
            if not self._fields.adapt(body, reading.reason, reading.error):
                return CallFailure(reading.reason, kind="rejected")

    async def _post(
        self, connection: Carrier, request: Request, body: dict[str, Any], most_seconds: float
    ) -> Reading | Refused:
        from duet.models.network.connection import NO_REPLY, NOT_REACHED

        seconds = min(self._timeout, max(most_seconds, 0.001))
        try:
            async with asyncio.timeout(max(most_seconds, 0.001)):
                await self._backpressure.enter()
        except TimeoutError:
            return Passing("")
        try:
            async with asyncio.timeout(seconds):
                reply = await connection.post(body)
            self._was_reached = True
            return self._read(request, reply)
        except TimeoutError:
            self._was_reached = True  # connecting has a shorter limit of its own
            return Passing(f"no answer within {seconds:.3g} seconds" if seconds == self._timeout else "")
        except NO_REPLY as error:
            if isinstance(error, NOT_REACHED):
                self._say_that_it_waits()
            reason = one_line(error.__cause__ or error, *self._endpoint.secrets)
            return Passing(f"no reply from {self._base_url}: {reason}")
        finally:
            self._backpressure.leave()

    def _read(self, request: Request, reply: HttpReply) -> Reading | Refused:
        """The meaning of a reply, without secrets; the pace follows what it says of rate limits."""
        reading = read_reply(request, reply)
        if isinstance(reading, Completion):
            self._backpressure.answered(reply.headers)
            return reading
        reading = read_reply(request, reply.without(*self._endpoint.secrets))
        if isinstance(reading, Passing) and reading.too_fast:
            self._backpressure.refused(reading.wait)
        if isinstance(reading, Unusable | Passing):
            return replace(reading, reason=reading.reason + hint(self._base_url, reply))
        return refusal(reading, reply.without(*self._endpoint.secrets))

    @property
    def _most_seconds(self) -> float:
        if self._was_reached:
            return self._patience
        return min(self._patience, _LOADING_SECONDS if self._endpoint.is_local else _FIRST_CONTACT_SECONDS)

    def _say_that_it_waits(self) -> None:
        """Says once that nothing answers yet on this machine."""
        if self._endpoint.is_local and not self._was_reached and not self._has_said_so:
            self._has_said_so = True
            log.warning("Nothing answers at %s yet; waiting up to %.0f s", self._base_url, self._most_seconds)

    def _given_up(self, reason: str, began: float, may_send: Callable[[], bool]) -> CallFailure:
        """Its own failure, where others were answered meanwhile or the time is up.

        Raises:
            ProviderError: nothing at all was answered.
        """
        seconds = time.monotonic() - began
        if self._last_answer >= began or not may_send():
            return CallFailure(f"given up after {seconds:.3g} s: {reason}")
        raise ProviderError(f"Nothing was answered for {seconds:.3g} s: {reason}")

    def carry(self, endpoint: Endpoint, connect: Callable[[], Carrier]) -> None:
        """Replaces what carries the requests, for a provider with another protocol.

        Args:
            endpoint: where they go then.
            connect: makes the connection, at its first use.
        """
        self._endpoint, self._base_url, self._connect = endpoint, endpoint.address, connect

    def _connection(self) -> Carrier:
        """The connection, made at its first use.

        Raises:
            ProviderError: there is no key where one is needed, or it can't be a key.
        """
        if self._open_connection is None:
            require_secrets(self._endpoint)
            self._open_connection = self._connect()
        return self._open_connection

    def _own_connection(self) -> Connection:
        from duet.models.network.connection import Connection

        place, seconds = self._endpoint, min(_CONNECT_SECONDS, self._timeout / 2)
        return Connection(self._base_url, place.key, self._max_concurrency, seconds, place.headers, dict(place.query))


def _handed_over(ended: Mapping[int, asyncio.Task[Outcome]]) -> Iterator[Arrived]:
    """The outcomes of tasks that ended well."""
    if arrived := {index: task.result() for index, task in ended.items() if task.exception() is None}:
        yield arrived


def _trouble(ended: Mapping[int, asyncio.Task[Outcome]]) -> BaseException | None:
    return next((trouble for task in ended.values() if (trouble := task.exception())), None)


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not value > 0:
            raise ValueError(f"Expected {name} to be positive but got {value}")
