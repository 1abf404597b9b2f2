"""Pieces of work on a loop that stands still between calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from duet.models.network.in_flight_tasks import InFlightTasks, cancel


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
    tasks: InFlightTasks[str] = InFlightTasks(loop)
    tasks.start(7, after(0.2, "late"))
    tasks.start(8, after(0.0, "soon"))
    assert len(tasks) == 2
    assert results(tasks.wait()) == {8: "soon"}
    assert len(tasks) == 1
    assert results(tasks.wait()) == {7: "late"}
    assert tasks.wait() == {}  # nothing is under way, so there is nothing to wait for


def test_it_waits_no_longer_than_it_is_told(loop: asyncio.AbstractEventLoop) -> None:
    tasks: InFlightTasks[str] = InFlightTasks(loop)
    tasks.start(0, after(60.0))
    start = time.monotonic()
    assert tasks.wait(0.05) == {}
    assert 0.05 <= time.monotonic() - start < 30
    tasks.cancel()
    start = time.monotonic()
    assert tasks.wait(0.05) == {}  # a pause, where nothing is under way
    assert time.monotonic() - start >= 0.04


def test_what_fails_is_handed_over_too(loop: asyncio.AbstractEventLoop) -> None:
    async def fail() -> str:
        raise ValueError("no")

    tasks: InFlightTasks[str] = InFlightTasks(loop)
    tasks.start(3, fail())
    assert str(tasks.wait()[3].exception()) == "no"


def test_all_that_ends_in_time_is_waited_for(loop: asyncio.AbstractEventLoop) -> None:
    tasks: InFlightTasks[str] = InFlightTasks(loop)
    for number, seconds in enumerate((0.0, 0.1, 60.0)):
        tasks.start(number, after(seconds, str(seconds)))
    assert results(tasks.wait_for_all(0.5)) == {0: "0.0", 1: "0.1"}
    assert len(tasks) == 1
    tasks.cancel()
    assert len(tasks) == 0


def test_streams_on_one_loop_keep_their_own(loop: asyncio.AbstractEventLoop) -> None:
    one: InFlightTasks[str] = InFlightTasks(loop)
    other: InFlightTasks[str] = InFlightTasks(loop)
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

    one: InFlightTasks[str] = InFlightTasks(loop)
    other: InFlightTasks[str] = InFlightTasks(loop)
    one.start(0, until_cancelled())
    other.start(0, after(0.05, "other"))
    assert one.wait(0.0) == {}
    one.cancel()
    assert (given_up, len(one)) == (["it"], 0)
    assert results(other.wait()) == {0: "other"}


def test_on_a_closed_loop_there_is_nothing_to_cancel() -> None:
    loop = asyncio.new_event_loop()
    tasks: InFlightTasks[str] = InFlightTasks(loop)
    tasks.start(0, after(60.0))
    assert tasks.wait(0.0) == {}
    cancel(loop, asyncio.all_tasks(loop))
    loop.close()
    tasks.cancel()
    assert len(tasks) == 0
