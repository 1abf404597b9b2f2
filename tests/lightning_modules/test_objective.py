"""When a fit ends."""

from __future__ import annotations

from collections import deque

from lightning_modules.objective import settled


def test_a_loss_that_still_swings_is_not_settled() -> None:
    assert not settled(deque([1.0, 3.0] * 5, maxlen=10), band=0.1)
    assert not settled(deque([1.0] * 9, maxlen=10), band=0.1)
    assert settled(deque([1.05, 1.0] * 5, maxlen=10), band=0.1)
