"""A time-out while the process runs, and while it stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from duet.models.network.in_flight_tasks import InFlightTasks
from duet.models.network.time_limit import TimeLimit


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def results(ended: dict[int, asyncio.Task[str]]) -> dict[int, str]:
    return {number: task.result() for number, task in ended.items()}


async def limited(seconds: float, limit: float) -> str:
    """A reply that takes several steps to read, as a real one does."""
    async with TimeLimit(limit):
        await asyncio.sleep(seconds)
        for _ in range(60):
            await asyncio.sleep(0.001)
    return "read"


@pytest.mark.parametrize("stall", [0.22, 0.45])
def test_what_arrived_while_the_process_stood_still_is_read_before_the_time_is_up(
    loop: asyncio.AbstractEventLoop, stall: float
) -> None:
    """The stall ends before the time is up, or after it; the reply came during the stall."""
    tasks: InFlightTasks[str] = InFlightTasks(loop)
    tasks.start(0, limited(0.1, limit=0.3))
    assert tasks.wait(0.05) == {}
    time.sleep(stall)
    assert results(tasks.wait()) == {0: "read"}


def test_where_nothing_stood_still_the_time_is_up_when_it_is(loop: asyncio.AbstractEventLoop) -> None:
    tasks: InFlightTasks[str] = InFlightTasks(loop)
    tasks.start(0, limited(60.0, limit=0.1))
    start = time.monotonic()
    assert isinstance(tasks.wait()[0].exception(), TimeoutError)
    assert time.monotonic() - start < 30


def test_a_process_that_stands_still_again_and_again_does_not_wait_for_ever(loop: asyncio.AbstractEventLoop) -> None:
    tasks: InFlightTasks[str] = InFlightTasks(loop)
    tasks.start(0, limited(60.0, limit=0.1))
    start = time.monotonic()
    while not (ended := tasks.wait(0.3)):
        time.sleep(0.15)
    assert isinstance(ended[0].exception(), TimeoutError)
    assert time.monotonic() - start < 30
