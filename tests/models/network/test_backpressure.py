from __future__ import annotations

import asyncio

from duet.models.network.backpressure import Backpressure


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def enter(pressure: Backpressure, count: int) -> None:
    async def all_of_them() -> None:
        for _ in range(count):
            await asyncio.wait_for(pressure.enter(), 5)

    asyncio.run(all_of_them())


def is_blocked(pressure: Backpressure) -> bool:
    async def once() -> bool:
        try:
            await asyncio.wait_for(pressure.enter(), 0.05)
        except TimeoutError:
            return True
        return False

    return asyncio.run(once())


def test_without_a_refusal_nothing_waits() -> None:
    pressure = Backpressure()
    enter(pressure, 1000)
    pressure.answered({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"})
    assert pressure.seconds_to_wait == 0.0


def test_nothing_is_sent_until_the_server_wants_it() -> None:
    clock = Clock()
    pressure = Backpressure(clock)
    pressure.refused(3.0)
    assert (pressure.seconds_to_wait, is_blocked(pressure)) == (3.0, True)
    clock.now = 3.0
    assert not is_blocked(pressure)


def test_the_window_halves_once_per_refusal_of_a_burst_and_grows_with_answers() -> None:
    clock = Clock()
    pressure = Backpressure(clock)
    enter(pressure, 8)
    for _ in range(8):
        pressure.refused(1.0)
        pressure.leave()
    clock.now = 1.0
    enter(pressure, 4)
    assert is_blocked(pressure)
    for _ in range(5):
        pressure.answered({})
    enter(pressure, 1)
    assert is_blocked(pressure)


def test_after_a_refusal_a_limit_that_is_used_up_closes_the_window() -> None:
    clock = Clock()
    pressure = Backpressure(clock)
    pressure.refused(1.0)
    clock.now = 1.0
    pressure.answered({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"})
    assert pressure.seconds_to_wait == 9.0
