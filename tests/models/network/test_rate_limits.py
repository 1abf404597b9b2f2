from __future__ import annotations

import random

from duet.models.base import Request
from duet.models.network.rate_limits import Pace, RateLimits


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_no_minute_holds_more_than_allowed() -> None:
    clock, draws = Clock(), random.Random(0)
    pace, sent = Pace(90, clock), list[tuple[float, float]]()
    for _ in range(2000):
        clock.now += pace.seconds_to_wait + draws.choice([0.0, 0.0, 0.0, 3.0])
        amount = draws.choice([0.5, 1.0, 2.0])
        pace.charge(amount)
        sent.append((clock.now, amount))
    for start, first in sent:
        window = sum(amount for when, amount in sent if start <= when < start + 60)
        assert window <= 90 + 2.0 + 1e-9, first


def test_the_whole_rate_is_used() -> None:
    clock = Clock()
    pace = Pace(90, clock)
    for _ in range(90):
        clock.now += pace.seconds_to_wait
        pace.charge(1)
    assert abs(clock.now + pace.seconds_to_wait - 1060.0) < 1e-6


def test_a_pause_is_not_made_up_for() -> None:
    clock = Clock()
    pace = Pace(60, clock)
    clock.now += 3600
    pace.charge(1)
    assert pace.seconds_to_wait == 1.0


def test_without_a_limit_nobody_waits() -> None:
    limits = RateLimits(None, None, Clock())
    limits.charge(Request("x" * 10**6))
    assert limits.seconds_to_wait == 0.0


def test_the_tighter_of_the_two_limits_counts() -> None:
    clock = Clock()
    limits = RateLimits(60, 6000, clock)
    limits.charge(Request("x" * 40, max_tokens=40))  # 1 request: 1 s, 50 tokens: 0.5 s
    assert limits.seconds_to_wait == 1.0
    limits.charge(Request("x" * 400, max_tokens=400))  # 500 tokens: 5 s
    assert limits.seconds_to_wait == 5.5
