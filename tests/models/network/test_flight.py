"""Pieces of work on a loop that stands still between calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from duet.models.network.flight import Flight, cancel


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    one = asyncio.new_event_loop()
    yield one
    one.close()


async def after(seconds: float, answer: str = "") -> str:
    await asyncio.sleep(seconds)
    return answer


def results(ended: dict[int, asyncio.Task[str]]) -> dict[int, str]:
    return {number: task.result() for number, task in ended.items()}


def test_what_ends_first_is_handed_over_first_and_once(loop: asyncio.AbstractEventLoop) -> None:
    flight: Flight[str] = Flight(loop)
    flight.start(7, after(0.2, "late"))
    flight.start(8, after(0.0, "soon"))
    assert len(flight) == 2
    assert results(flight.wait()) == {8: "soon"}
    assert len(flight) == 1
    assert results(flight.wait()) == {7: "late"}
    assert flight.wait() == {}  # nothing is under way, so there is nothing to wait for


def test_it_waits_no_longer_than_it_is_told(loop: asyncio.AbstractEventLoop) -> None:
    flight: Flight[str] = Flight(loop)
    flight.start(0, after(60.0))
    start = time.monotonic()
    assert flight.wait(0.05) == {}
    assert 0.05 <= time.monotonic() - start < 30
    flight.cancel()
    start = time.monotonic()
    assert flight.wait(0.05) == {}  # a pause, where nothing is under way
    assert time.monotonic() - start >= 0.04


def test_what_fails_is_handed_over_too(loop: asyncio.AbstractEventLoop) -> None:
    async def fail() -> str:
        raise ValueError("no")

    flight: Flight[str] = Flight(loop)
    flight.start(3, fail())
    assert str(flight.wait()[3].exception()) == "no"


def test_all_that_ends_in_time_is_waited_for(loop: asyncio.AbstractEventLoop) -> None:
    flight: Flight[str] = Flight(loop)
    for number, seconds in enumerate((0.0, 0.1, 60.0)):
        flight.start(number, after(seconds, str(seconds)))
    assert results(flight.wait_for_all(0.5)) == {0: "0.0", 1: "0.1"}
    assert len(flight) == 1
    flight.cancel()
    assert len(flight) == 0


def test_flights_on_one_loop_keep_their_own(loop: asyncio.AbstractEventLoop) -> None:
    one: Flight[str] = Flight(loop)
    other: Flight[str] = Flight(loop)
    one.start(0, after(0.0, "one"))
    other.start(0, after(0.05, "other"))
    assert results(other.wait()) == {0: "other"}
    start = time.monotonic()
    assert results(one.wait(30.0)) == {0: "one"}  # it ended while the other one waited
    assert time.monotonic() - start < 10


def test_what_is_cancelled_ends_at_once_and_disturbs_no_other(loop: asyncio.AbstractEventLoop) -> None:
    given_up: list[str] = []

    async def until_cancelled() -> str:
        try:
            return await after(60.0)
        except asyncio.CancelledError:
            given_up.append("it")
            raise

    one: Flight[str] = Flight(loop)
    other: Flight[str] = Flight(loop)
    one.start(0, until_cancelled())
    other.start(0, after(0.05, "other"))
    assert one.wait(0.0) == {}
    one.cancel()
    assert (given_up, len(one)) == (["it"], 0)
    assert results(other.wait()) == {0: "other"}


def test_on_a_closed_loop_there_is_nothing_to_cancel() -> None:
    loop = asyncio.new_event_loop()
    flight: Flight[str] = Flight(loop)
    flight.start(0, after(60.0))
    assert flight.wait(0.0) == {}
    cancel(loop, asyncio.all_tasks(loop))
    loop.close()
    flight.cancel()
    assert len(flight) == 0
