"""A model behind an OpenAI-compatible endpoint (chat completions)."""

from __future__ import annotations

import asyncio
import math
import os
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from duet.interrupts import postponed
from duet.models.base import NOT_SENT, AbstractBlackBox, Arrived, CallFailure, Completion, Outcome, Request, always
from duet.models.endpoint import Endpoint, checked_url
from duet.models.errors import ProviderError
from duet.models.metering import UNCHARGED, AbstractMeter, Charge, Verdict, as_meter, charge_of
from duet.models.network.rate_limits import RateLimits
from duet.models.network.replies import Passing, Reading, Unusable, one_line, read_reply
from duet.models.prices import Prices

if TYPE_CHECKING:
    from duet.models.network.connection import Connection
    from duet.models.network.in_flight_tasks import InFlightTasks

_OPENAI_URL = "https://api.openai.com/v1"
_CONNECT_SECONDS = 10.0
_FIRST_CONTACT_SECONDS = 15.0  # how long an endpoint that never replied is tried again
_GRACE_SECONDS = 3.0  # how long what is under way may still arrive, once the provider turned out to be unusable
_LONGEST_PAUSE = 8.0
_POLL = 0.05  # seconds between two looks at whether there is room
_MOST_WASTED = 6  # attempts at one request that may have been charged and gave no answer
_OF_A_GATEWAY = {502, 504, 522, 524}  # it does not know what became of the request behind it
# What leaves together comes back together and then waits for one another: so requests leave a few at a time.
_TOGETHER, _APART = 4, 0.001  # seconds


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
        grace: float = 10.0,
    ) -> None:
        if max_concurrency < 1:
            raise ValueError(f"Expected max_concurrency to be at least 1 but got {max_concurrency}")
        _check_positive(timeout=timeout, patience=patience, pause=pause, grace=grace)
        _check_positive(requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
        self._model = model
        self._base_url = checked_url(base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI_URL)
        self._endpoint = Endpoint(self._base_url, model, prices, _checked_variable(key_variable))
        self._max_concurrency = max_concurrency
        self._timeout, self._patience, self._pause = timeout, patience, pause
        self._grace = grace
        self._pausing: set[asyncio.Task[object]] = set()  # tasks between two attempts
        self._limits = RateLimits(requests_per_minute, tokens_per_minute)
        self._system_prompt = system_prompt
        self._open_connection: Connection | None = None
        self._random = random.Random()  # for pauses; the global stream is left alone
        self._was_reached = False
        self._last_answer = float("-inf")  # when any request was last answered

    @property
    def identity(self) -> str:
        """Endpoint, model and system prompt."""
        parts = ["openai", self._base_url, self._model, *([self._system_prompt] if self._system_prompt else [])]
        return ":".join(parts)

    @property
    def overhead(self) -> int:
        """The system prompt's."""
        return len((self._system_prompt or "").encode(errors="replace"))

    @property
    def endpoint(self) -> Endpoint:
        """Address, model, prices and where the key is."""
        return self._endpoint

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, up to ``max_concurrency`` at once; all slots are busy as long as there are enough.

        After Ctrl-C or SIGTERM nothing more is sent; what is under way may still arrive within ``grace`` seconds.

        Raises:
            ProviderError: the key, the account or the model is no good, or nothing was answered for too long.
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
                        yield from _handed_over(tasks.wait_for_all(_GRACE_SECONDS), meter)
                        raise trouble
            finally:
                for _ in _handed_over(tasks.cancel(), meter):
                    pass

    def _send(
        self,
        connection: Connection,
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
        """What arrives within the grace time; the rest is not sent, or given up."""
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

    async def _answer(self, connection: Connection, request: Request, meter: AbstractMeter) -> _Answered:
        """All attempts at one request; the first one has been permitted already.

        Raises:
            ProviderError: see ``stream``.
        """
        began, pause, wasted = time.monotonic(), self._pause, 0
        reason = f"no answer within {self._patience:.3g} seconds"
        while True:
            seconds = began + self._patience - time.monotonic()
            reading, charge = await self._metered_attempt(connection, request, seconds, meter)
            if not isinstance(reading, Passing | Unusable):
                self._last_answer = time.monotonic()
                return _Answered(reading, request, charge)
            meter.end(request, charge)
            if isinstance(reading, Unusable):
                raise ProviderError(f"{self._base_url} refuses: {reading.reason}")
            reason, wasted = reading.reason or reason, wasted + (charge is None)
            seconds = self._random.uniform(pause / 2, pause)
            if reading.wait is not None:  # a little later, so that not all come back at once
                seconds = reading.wait + self._random.uniform(0, self._pause / 2)
            patient_until = began + self._most_seconds
            until = min(patient_until, time.monotonic() + _or_endless(meter.seconds_left))
            has_room = wasted < _MOST_WASTED and time.monotonic() + seconds < patient_until
            if not has_room or not await self._may_retry(request, seconds, until, meter):
                return _Answered(self._given_up(reason, began, has_room), request, UNCHARGED, is_sent=False)
            self._limits.charge(request)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _may_retry(self, request: Request, pause: float, until: float, meter: AbstractMeter) -> bool:
        """Pauses and asks then whether an attempt may be sent; waits while others hold the room that it needs."""
        verdict = Verdict.WAIT
        while verdict is Verdict.WAIT:
            if not meter() or time.monotonic() + pause >= until:
                return False
            await self._sleep(pause)
            verdict, pause = meter.begin(request), _POLL
        return verdict is Verdict.SEND

    async def _sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pausing.add(task)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._pausing.discard(task)

    async def _metered_attempt(
        self, connection: Connection, request: Request, most_seconds: float, meter: AbstractMeter
    ) -> tuple[Reading, Charge | None]:
        """One attempt, and what it was charged; None is unknown, as for one that is given up under way."""
        try:
            return await self._attempt(connection, request, most_seconds)
        except asyncio.CancelledError:
            meter.end(request, None)
            raise

    async def _attempt(
        self, connection: Connection, request: Request, most_seconds: float
    ) -> tuple[Reading, Charge | None]:
        from duet.models.network.connection import NO_REPLY, was_reached
        from duet.models.network.in_flight_tasks import time_limit

        seconds = min(self._timeout, max(most_seconds, 0.001))
        try:
            async with time_limit(seconds):
                reply = await connection.post(self._body(request))
        except TimeoutError:
            self._was_reached = True  # connecting has a shorter limit of its own
            return Passing(f"no answer within {seconds:.3g} seconds" if seconds == self._timeout else ""), None
        except NO_REPLY as error:
            passing = Passing(f"no reply from {self._base_url}: {one_line(error.__cause__ or error)}")
            return passing, None if was_reached(error) else UNCHARGED
        self._was_reached = True
        reading = read_reply(request, reply)
        return reading, _charge(reading, reply.status)

    @property
    def _most_seconds(self) -> float:
        return self._patience if self._was_reached else min(self._patience, _FIRST_CONTACT_SECONDS)

    def _given_up(self, reason: str, began: float, is_stopped: bool) -> CallFailure:
        """Its own failure, if others were answered meanwhile or a cap was reached.

        Raises:
            ProviderError: nothing at all was answered.
        """
        seconds = time.monotonic() - began
        if self._last_answer >= began or is_stopped:
            return CallFailure(f"given up after {seconds:.3g} s: {reason}")
        raise ProviderError(f"Nothing was answered for {seconds:.3g} s: {reason}")

    def _connection(self) -> Connection:
        """The connection, made at its first use.

        Raises:
            ProviderError: there is no key where one is needed, or it is none.
        """
        from duet.models.network.connection import Connection

        if self._open_connection is None:
            key = self._endpoint.key
            if not key and self._endpoint.needs_key:
                raise ProviderError(f"No key: set the environment variable {self._endpoint.key_variable}")
            if not (key.isascii() and key.isprintable()):
                raise ProviderError(f"{self._endpoint.key_variable} holds characters that no key has")
            connect_seconds = min(_CONNECT_SECONDS, self._timeout / 2)
            self._open_connection = Connection(self._base_url, key or "no-key", self._max_concurrency, connect_seconds)
        return self._open_connection

    def _body(self, request: Request) -> dict[str, Any]:
        """What is sent; OpenAI's newer models refuse ``max_tokens``, other servers may not know its successor."""
        system = [{"role": "system", "content": self._system_prompt}] if self._system_prompt else []
        return {
            "model": self._model,
            "messages": [*system, {"role": "user", "content": request.prompt}],
            "max_completion_tokens" if self._endpoint.is_openai else "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            **({"seed": request.seed} if request.temperature > 0 else {}),
            **({"top_p": request.top_p} if request.top_p < 1 else {}),
        }


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


def _charge(reading: Reading, status: int) -> Charge | None:
    """What an attempt was charged by its reply; None where it may have been, and nobody says how much."""
    if isinstance(reading, Completion) or (
        isinstance(reading, CallFailure) and (reading.prompt_tokens or reading.completion_tokens)
    ):
        return charge_of(reading)
    return None if status < 300 or status in _OF_A_GATEWAY else UNCHARGED


def _or_endless(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds


def _trouble(ended: Mapping[int, asyncio.Task[_Answered]]) -> BaseException | None:
    return next((trouble for task in ended.values() if not task.cancelled() and (trouble := task.exception())), None)


def _checked_variable(name: str | None) -> str | None:
    """The name, which is not repeated if it is none: it may be a key."""
    if name is not None and not re.fullmatch("[A-Z][A-Z0-9_]{0,63}", name):
        raise ValueError("Expected key_variable to name an environment variable in capitals, such as DEEPSEEK_API_KEY")
    return name


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not value > 0:
            raise ValueError(f"Expected {name} to be positive but got {value}")
