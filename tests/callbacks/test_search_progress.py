"""What one sees while it runs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from callbacks.search_progress import has_new_best
from duet.pool import Candidate, Pool, ScoredInstruction


def test_without_a_terminal_there_are_plain_lines(
    run: Callable[..., Any], listed: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "duet"):
        run(lambda text: 1.1 * (text == "Good one."), strategy=listed(["Bad one."], ["Good one."]), iterations=5)
    first, warning, second, third, fourth = caplog.messages
    assert first == "5 initial instructions of 5 generated texts; 0 rejected"
    assert warning.startswith("Every score is 0 after 20 answers: look at the answers in candidates.jsonl")
    assert second.startswith("5 instructions scored, best 0.034 on 4 [0.00, ")
    assert third.startswith("iteration 1/5: scored 0.000 on 4, best 0.031 on 4 [0.00, ")
    assert fourth.startswith("iteration 2/5: scored 1.000 on 4, best 0.816 on 4 [")
    assert fourth.endswith("29 calls  <- new best: Good one.")


def test_a_few_wrong_answers_are_no_reason_to_warn_yet(
    run: Callable[..., Any], listed: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Sixteen answers come first, then four more: the warning comes with them, and once."""
    with caplog.at_level(logging.INFO, "duet"):
        run(
            lambda _: 0.0,
            first=("Name it.", "Copy it.", "Say it.", "Count it."),
            strategy=listed(["Bad one."], ["Worse one."]),
            iterations=5,
        )
    [place] = [place for place, line in enumerate(caplog.messages) if line.startswith("Every score is 0 after 20 ")]
    assert caplog.messages[place - 1].startswith("4 instructions scored, ")
    assert caplog.messages[place + 1].startswith("iteration 1/5: ")


def row(text: str, iteration: int, *scores: float) -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, "initial"), iteration, scores, ("",) * len(scores))


FORMER = (row("Old one.", 0, 1, 1, 0, 0), row("Bad one.", 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (row("Good one.", 1, 1, 1, 1, 0), True),
        (row("Other one.", 1, 0, 0, 1, 1), False),  # as good
        (row("Long one.", 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0), True),
        (row("Old one.", 1, 1, 1, 0, 0), False),  # the best one again
        (row("Bad one.", 1, 0, 0, 0, 0), False),
    ],
)
def test_a_new_best_is_better_than_the_best_before(last: ScoredInstruction, expected: bool) -> None:
    assert has_new_best(Pool((*FORMER, last))) is expected


def test_on_a_terminal_there_is_one_bar(
    run: Callable[..., Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(iterations=3, threshold=1.1)
    shown = capsys.readouterr().err
    assert "Search" in shown
    assert "3/3" in shown
    assert "calls" in shown
    assert shown.endswith("\n")
    assert "\x1b[3" not in shown  # no colour


def test_a_text_cannot_steer_the_terminal(
    run: Callable[..., Any], listed: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    odd = "Good \x1b[2J one\r.\u202e"
    with caplog.at_level(logging.INFO, "duet"):
        run(lambda text: 1.1 * (text == odd), strategy=listed([odd]))
    assert caplog.messages[-1].endswith("Good \ufffd[2J one\ufffd.\ufffd")
