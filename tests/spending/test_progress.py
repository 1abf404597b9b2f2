"""A long stream of answers says how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from duet.models.base import AbstractWrapper, Arrived, Completion, Request, always
from duet.models.fakes import ScriptedBlackBox
from duet.spending.progress import ProgressBlackBox


class OneByOne(AbstractWrapper):
    """Hands each answer over by itself."""

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        for place, request in enumerate(requests):
            yield {place: Completion(request.prompt, 1, 1)}


def test_a_line_comes_every_ten_seconds_and_every_answer_is_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="duet")
    ticks = iter(range(0, 1000, 3))
    box = ProgressBlackBox(
        OneByOne(ScriptedBlackBox(lambda _: "")), lambda: ", $0.25 so far", lambda: float(next(ticks))
    )
    outcomes = box.complete([Request(str(number)) for number in range(9)])
    assert [outcome.text for outcome in outcomes if isinstance(outcome, Completion)] == list("012345678")
    assert caplog.messages == ["4 of 9 answers, $0.25 so far", "8 of 9 answers, $0.25 so far"]
