"""One attempt at a request: what is sent, what the reply means, and what it was charged."""

from __future__ import annotations

import time
from typing import Any, Protocol

from duet.models.base import CallFailure, Completion, Request
from duet.models.metering import UNCHARGED, Charge, charge_of
from duet.models.network.backpressure import Backpressure
from duet.models.network.in_flight_tasks import InFlightTasks
from duet.models.network.refusals import Refused, hint, refusal
from duet.models.network.replies import FatalReply, HttpReply, Reading, RetryableReply, one_line, read_reply
from duet.models.network.request_fields import RequestFields
from duet.models.network.time_limit import TimeLimit

_OF_A_GATEWAY = {502, 504, 522, 524}  # it does not know what became of the request behind it


class Carrier(Protocol):
    """Carries requests to a server and replies back."""

    async def post(self, body: dict[str, Any]) -> HttpReply:
        """The reply to one chat completion, without any secret that it may quote."""

    def tasks(self) -> InFlightTasks[Any]:
        """For the requests of one stream."""


class Attempts:
    """Sends requests with the fields that the server takes, at the pace that it wants.

    Args:
        fields: what is sent.
        system_prompt: sent before every prompt, if given.
        address: of the endpoint.
        timeout: seconds that one attempt may take.
    """

    def __init__(self, fields: RequestFields, system_prompt: str | None, address: str, timeout: float) -> None:
        self._fields, self._system_prompt, self._timeout = fields, system_prompt, timeout
        self._backpressure = Backpressure()
        self.address = address
        self.was_reached = False

    async def admit(self, most_seconds: float) -> bool:
        """Waits until the server wants another request; False if that takes too long. `send` gives the place back."""
        try:
            async with TimeLimit(max(most_seconds, 0.001)):
                await self._backpressure.enter()
        except TimeoutError:
            return False
        return True

    async def send(self, connection: Carrier, request: Request, most_seconds: float) -> tuple[Reading, Charge | None]:
        """One attempt, after `admit`; a request with a field that is refused is built anew and sent again at once.

        The charge is None if it is unknown.
        """
        until = time.monotonic() + most_seconds
        try:
            while True:
                body = self._fields.body(request, self._system_prompt)
                reading, charge = await self._post(connection, request, body, until - time.monotonic())
                if not isinstance(reading, Refused):
                    return reading, charge
                if not self._fields.adapt(body, reading.reason, reading.error):
                    return CallFailure(reading.reason, kind="rejected"), charge
        finally:
            self._backpressure.leave()

    async def _post(
        self, connection: Carrier, request: Request, body: dict[str, Any], most_seconds: float
    ) -> tuple[Reading | Refused, Charge | None]:
        from duet.models.network.connection import NO_REPLY, was_reached

        seconds = min(self._timeout, max(most_seconds, 0.001))
        try:
            async with TimeLimit(seconds):
                reply = await connection.post(body)
        except TimeoutError:
            self.was_reached = True  # connecting has a shorter limit of its own
            return RetryableReply(f"no answer within {seconds:.3g} seconds" if seconds == self._timeout else ""), None
        except NO_REPLY as error:
            passing = RetryableReply(f"no reply from {self.address}: {one_line(error.__cause__ or error)}")
            self.was_reached = self.was_reached or isinstance(error, UnicodeError)
            return passing, None if was_reached(error) else UNCHARGED
        self.was_reached = True
        reading = read_reply(request, reply)
        self._keep_pace(reading, reply)
        charge = _charge(reading, reply.status)
        if isinstance(reading, FatalReply):
            return FatalReply(reading.reason + hint(self.address, reply)), charge
        if isinstance(reading, RetryableReply):
            return RetryableReply(reading.reason + hint(self.address, reply), reading.wait, reading.too_fast), charge
        return refusal(reading, reply), charge

    def _keep_pace(self, reading: Reading, reply: HttpReply) -> None:
        if isinstance(reading, Completion):
            self._backpressure.answered(reply.headers)
        elif isinstance(reading, RetryableReply) and reading.too_fast:
            self._backpressure.refused(reading.wait)


def _charge(reading: Reading, status: int) -> Charge | None:
    """Returns what an attempt was charged by its reply; None if it may have been, and nobody says how much."""
    if isinstance(reading, Completion) or (
        isinstance(reading, CallFailure) and (reading.prompt_tokens or reading.completion_tokens)
    ):
        return charge_of(reading)
    return None if status < 300 or status in _OF_A_GATEWAY else UNCHARGED
