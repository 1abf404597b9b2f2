"""A model behind an OpenAI-compatible endpoint (chat completions)."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from duet.interrupts import postponed
from duet.models.base import NOT_SENT, AbstractBlackBox, Arrived, CallFailure, Outcome, Request, always
from duet.models.endpoint import Endpoint
from duet.models.errors import ProviderError
from duet.models.metering import UNCHARGED, AbstractMeter, Charge, Verdict, as_meter
from duet.models.network.attempts import Attempts, Carrier
from duet.models.network.rate_limits import RateLimits
from duet.models.network.replies import FatalReply, Reading, RetryableReply
from duet.models.network.request_fields import RequestFields
from duet.models.prices import Prices
from duet.models.providers import locate, require_secrets, room_to_reason

if TYPE_CHECKING:
    from duet.models.network.in_flight_tasks import InFlightTasks

log = logging.getLogger("duet")
T = TypeVar("T")
_CONNECT_SECONDS = 10.0
_FIRST_CONTACT_SECONDS = 15.0  # how long an endpoint that never replied is tried again
_LOADING_SECONDS = 120.0  # the same for one on this machine, which may be about to start
_GRACE_SECONDS = 3.0  # how long what is under way may still arrive, once the provider turned out to be unusable
_LONGEST_PAUSE = 8.0
_POLL = 0.05  # seconds between two looks at whether there is room
MOST_WASTED = 6  # attempts at one request that may have been charged and gave no answer
# What leaves together comes back together and then waits for one another: so requests leave a few at a time.
_TOGETHER, _APART = 4, 0.001  # seconds


class OpenAIBlackBox(AbstractBlackBox):
    """Sends prompts as single user messages, many at once, and retries where trouble may pass.

    That is a time-out, a dropped connection, a garbled reply, 408, 409, 425, 429 or 5xx: it pauses as long as the
    server says (Retry-After), else twice as long each time. A request that is not answered within ``patience`` is a
    failure of its own, if others were answered in the meantime; if none was, the provider can't be used.

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
        grace: seconds in which answers that are under way may still arrive after Ctrl-C or SIGTERM.
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
        grace: float = 10.0,
    ) -> None:
        if max_concurrency < 1:
            raise ValueError(f"Expected max_concurrency to be at least 1 but got {max_concurrency}")
        _check_positive(timeout=timeout, patience=patience, pause=pause, grace=grace)
        _check_positive(requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
        self._endpoint = locate(model, base_url, prices, key_variable, headers, query)
        self._model, self._base_url = self._endpoint.model, self._endpoint.address
        limit = "max_completion_tokens" if self._endpoint.is_openai else "max_tokens"
        room = room_to_reason(self._model) if reasoning_tokens is None else reasoning_tokens
        if room < 0:
            raise ValueError(f"Expected reasoning_tokens of at least 0 but got {room}")
        self._fields = RequestFields(self._model, limit, fields, room)
        self._attempts = Attempts(self._fields, system_prompt, self._base_url, timeout)
        self._max_concurrency = max_concurrency
        self._timeout, self._patience, self._pause = timeout, patience, pause
        self._grace = grace
        self._pausing: set[asyncio.Task[object]] = set()  # tasks between two attempts
        self._limits = RateLimits(requests_per_minute, tokens_per_minute)
        self._system_prompt = system_prompt
        self._open_connection: Carrier | None = None
        self._connect: Callable[[], Carrier] = self._own_connection
        self._random = random.Random()  # for pauses; the global stream is left alone
        self._has_said_so = False
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

        After Ctrl-C or SIGTERM nothing more is sent; what is under way may still arrive within ``grace`` seconds.

        Raises:
            ProviderError: the key, the account or the model is no good, or nothing was answered for too long.
            OSError: the meter could not record an attempt; what was in flight has been handed over.
        """
        if not requests:
            return
        meter, waiting = as_meter(may_send), deque(enumerate(requests))
        connection = self._connection()
        tasks: InFlightTasks[_Answered] = connection.tasks()
        with postponed(tasks.wake) as interruption:
            try:
                while waiting or tasks:
                    if interruption.requested or meter.is_leaving:
                        yield from self._drained(tasks, waiting, meter)
                        return
                    yield from self._send(connection, waiting, tasks, meter)
                    has_room = waiting and len(tasks) < self._max_concurrency
                    ended = tasks.wait(max(self._limits.seconds_to_wait, _APART) if has_room else None)
                    yield from _handed_over(ended, meter)
                    if trouble := _trouble(ended):
                        raise trouble
            except ProviderError:
                yield from _handed_over(tasks.wait_for_all(_GRACE_SECONDS), meter)
                raise
            except OSError:  # an attempt could not be recorded; what is in flight is recorded already
                yield from self._drained(tasks, waiting, meter)
                raise
            finally:
                for _ in _handed_over(tasks.cancel(), meter):
                    pass

    def _send(
        self,
        connection: Carrier,
        waiting: deque[tuple[int, Request]],
        tasks: InFlightTasks[_Answered],
        meter: AbstractMeter,
    ) -> Iterator[Arrived]:
        """Fills free slots, as fast as the limits allow; hands over what may not be sent any more."""
        room = min(self._max_concurrency - len(tasks), _TOGETHER, len(waiting))
        for _ in range(room):
            if self._limits.seconds_to_wait:
                return
            verdict = meter.begin(waiting[0][1])
            if verdict is Verdict.WAIT and tasks:
                return
            if verdict is not Verdict.SEND:
                yield {index: NOT_SENT for index, _ in waiting}
                waiting.clear()
                return
            index, request = waiting.popleft()
            self._limits.charge(request)
            tasks.start(index, self._answer(connection, request, meter))

    def _drained(
        self, tasks: InFlightTasks[_Answered], waiting: deque[tuple[int, Request]], meter: AbstractMeter
    ) -> Iterator[Arrived]:
        """Yields what arrives within the grace time; the rest is not sent, or given up."""
        for task in self._pausing:
            task.cancel()
        until = time.monotonic() + self._grace
        while tasks and (left := until - time.monotonic()) > 0:
            yield from _handed_over(tasks.wait(left), meter)
        given_up = [*tasks.numbers, *(index for index, _ in waiting)]
        arrived = tasks.cancel()
        yield from _handed_over(arrived, meter)
        waiting.clear()
        if missing := {index: NOT_SENT for index in given_up if index not in arrived}:
            yield missing

    async def _answer(self, connection: Carrier, request: Request, meter: AbstractMeter) -> _Answered:
        """All attempts at one request; the first one has been permitted already.

        Raises:
            ProviderError: see ``stream``.
        """
        began, pause, wasted = time.monotonic(), self._pause, 0
        reason = f"no answer within {self._patience:.3g} seconds"
        while True:
            seconds = began + self._patience - time.monotonic()
            reading, charge = await self._metered_attempt(connection, request, seconds, meter)
            if not isinstance(reading, RetryableReply | FatalReply):
                self._last_answer = time.monotonic()
                return _Answered(reading, request, charge)
            meter.end(request, charge)
            if isinstance(reading, FatalReply):
                raise ProviderError(f"{self._base_url} refuses: {reading.reason}")
            reason, wasted = reading.reason or reason, wasted + (charge is None)
            seconds = self._random.uniform(pause / 2, pause)
            if reading.wait is not None:  # a little later, so that not all come back at once
                seconds = reading.wait + self._random.uniform(0, self._pause / 2)
            patient_until = began + self._most_seconds
            until = min(patient_until, time.monotonic() + _or_endless(meter.seconds_left))
            has_room = wasted < MOST_WASTED and time.monotonic() + seconds < patient_until
            if not has_room or not await self._may_retry(request, seconds, until, meter):
                return _Answered(self._given_up(reason, began, has_room), request, UNCHARGED, is_sent=False)
            self._limits.charge(request)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _may_retry(self, request: Request, pause: float, until: float, meter: AbstractMeter) -> bool:
        """Pauses, then checks whether an attempt may be sent; waits while others hold the room that it needs."""
        verdict = Verdict.WAIT
        while verdict is Verdict.WAIT:
            if not meter() or time.monotonic() + pause >= until:
                return False
            await self._unless_cancelled(asyncio.sleep(pause))
            verdict, pause = meter.begin(request), _POLL
        return verdict is Verdict.SEND

    async def _unless_cancelled(self, pausing: Coroutine[Any, Any, T]) -> T:
        """Waits for something during which nothing is under way, so that Ctrl-C need not wait for it."""
        task = asyncio.current_task()
        assert task is not None
        self._pausing.add(task)
        try:
            return await pausing
        finally:
            self._pausing.discard(task)

    async def _metered_attempt(
        self, connection: Carrier, request: Request, most_seconds: float, meter: AbstractMeter
    ) -> tuple[Reading, Charge | None]:
        """One attempt, and what it was charged; None is unknown, as for one that is given up under way."""
        until = time.monotonic() + most_seconds
        try:
            is_admitted = await self._unless_cancelled(self._attempts.admit(most_seconds))
        except asyncio.CancelledError:
            meter.end(request, UNCHARGED)
            raise
        if not is_admitted:
            return RetryableReply(""), UNCHARGED
        try:
            reading, charge = await self._attempts.send(connection, request, until - time.monotonic())
            self._say_that_it_waits(reading)
            return reading, charge
        except asyncio.CancelledError:
            meter.end(request, None)
            raise

    @property
    def _most_seconds(self) -> float:
        if self._attempts.was_reached:
            return self._patience
        return min(self._patience, _LOADING_SECONDS if self._endpoint.is_local else _FIRST_CONTACT_SECONDS)

    def _say_that_it_waits(self, reading: Reading) -> None:
        """Says once that nothing answers yet on this machine."""
        is_waiting = isinstance(reading, RetryableReply) and not self._attempts.was_reached and self._endpoint.is_local
        if is_waiting and not self._has_said_so:
            self._has_said_so = True
            log.warning("No server answers at %s yet; waiting up to %.3g s", self._base_url, self._most_seconds)

    def _given_up(self, reason: str, began: float, is_stopped: bool) -> CallFailure:
        """Its own failure, if others were answered in the meantime or a cap was reached.

        Raises:
            ProviderError: nothing at all was answered.
        """
        seconds = time.monotonic() - began
        if self._last_answer >= began or is_stopped:
            return CallFailure(f"gave up after {seconds:.3g} s: {reason}")
        raise ProviderError(f"No answer arrived for {seconds:.3g} s: {reason}")

    def carry(self, endpoint: Endpoint, connect: Callable[[], Carrier]) -> None:
        """Replaces what carries the requests, for a provider with another protocol.

        Args:
            endpoint: where they go then.
            connect: makes the connection, at its first use.
        """
        self._endpoint, self._base_url, self._connect = endpoint, endpoint.address, connect
        self._attempts.address = endpoint.address

    def _connection(self) -> Carrier:
        """The connection, made at its first use.

        Raises:
            ProviderError: there is no key where one is needed, or it can't be a key.
        """
        if self._open_connection is None:
            require_secrets(self._endpoint)
            self._open_connection = self._connect()
        return self._open_connection

    def _own_connection(self) -> Carrier:
        from duet.models.network.connection import Connection

        place, seconds = self._endpoint, min(_CONNECT_SECONDS, self._timeout / 2)
        return Connection(self._base_url, place.key, self._max_concurrency, seconds, place.headers, dict(place.query))


@dataclass(frozen=True)
class _Answered:
    """What became of a request, and what its last attempt was charged; the earlier ones are booked already."""

    outcome: Outcome
    request: Request
    charge: Charge | None
    is_sent: bool = True


def _handed_over(ended: Mapping[int, asyncio.Task[_Answered]], meter: AbstractMeter) -> Iterator[Arrived]:
    """Books the outcomes of tasks that ended well, and hands them over."""
    answered = {
        index: task.result() for index, task in ended.items() if not task.cancelled() and task.exception() is None
    }
    for answer in answered.values():
        if answer.is_sent:
            meter.end(answer.request, answer.charge)
    if answered:
        yield {index: answer.outcome for index, answer in answered.items()}


def _or_endless(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds


def _trouble(ended: Mapping[int, asyncio.Task[_Answered]]) -> BaseException | None:
    return next((trouble for task in ended.values() if not task.cancelled() and (trouble := task.exception())), None)


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not value > 0:
            raise ValueError(f"Expected {name} to be positive but got {value}")
