from __future__ import annotations

import asyncio
import json
from typing import Any

from duet.models.base import CallFailure, Completion, Request
from duet.models.metering import UNCHARGED, Charge
from duet.models.network.attempts import Attempts
from duet.models.network.in_flight_tasks import InFlightTasks
from duet.models.network.replies import HttpReply, RetryableReply
from duet.models.network.request_fields import RequestFields
from tests.servers.chat_server import completion, error

ADDRESS = "http://localhost:1/v1"
REQUEST = Request("a", max_tokens=9)


class ScriptedCarrier:
    """Gives these replies, one after the other; an exception is raised.

    Args:
        replies: status and content.
    """

    def __init__(self, *replies: tuple[int, Any] | Exception, headers: dict[str, str] | None = None) -> None:
        self._replies, self._headers = list(replies), headers or {}
        self.sent: list[dict[str, Any]] = []

    async def post(self, body: dict[str, Any]) -> HttpReply:
        self.sent.append(body)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return HttpReply(reply[0], self._headers, json.dumps(reply[1]).encode())

    def tasks(self) -> InFlightTasks[Any]:
        raise NotImplementedError


def attempts() -> Attempts:
    return Attempts(RequestFields("m"), None, ADDRESS, 5.0)


def send(tried: Attempts, carrier: ScriptedCarrier) -> tuple[Any, Charge | None]:
    async def one() -> tuple[Any, Charge | None]:
        assert await tried.admit(5.0)
        return await tried.send(carrier, REQUEST, 5.0)

    return asyncio.run(one())


def test_requests_that_were_not_accepted_cost_nothing_and_are_one_attempt_with_the_one_that_was() -> None:
    carrier = ScriptedCarrier((400, error("unknown field temperature")), (200, completion("A")))
    assert send(attempts(), carrier) == (Completion("A", 7, 3), Charge(7, 3))
    assert ["temperature" in body for body in carrier.sent] == [True, False]


def test_a_request_that_no_field_can_save_is_rejected() -> None:
    assert send(attempts(), ScriptedCarrier((400, error("no")))) == (CallFailure("400 no", kind="rejected"), UNCHARGED)


def test_what_became_of_a_request_that_broke_off_is_unknown() -> None:
    tried = attempts()
    reading, charge = send(tried, ScriptedCarrier(ConnectionResetError("reset")))
    assert reading == RetryableReply(f"no reply from {ADDRESS}: reset")
    assert (charge, tried.was_reached) == (None, False)
    send(tried, ScriptedCarrier((503, error("loading"))))
    assert tried.was_reached


def test_after_a_refusal_for_the_rate_no_request_is_admitted_until_the_server_wants_it() -> None:
    tried = attempts()
    reading, charge = send(tried, ScriptedCarrier((429, error("slow")), headers={"x-ratelimit-reset": "60"}))
    assert (reading, charge) == (RetryableReply("429 slow", 60.0, too_fast=True), UNCHARGED)
    assert asyncio.run(tried.admit(0.05)) is False
