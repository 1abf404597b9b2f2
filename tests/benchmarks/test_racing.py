"""Races replayed over marks that are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.racing import read, replay
from duet.evaluation.racing import Racing

GOOD, FAIR, BAD = [1.0] * 20, [1.0, 0.0] * 10, [0.0] * 20
RACING = Racing(0.01)


def test_what_a_race_saves_is_counted_for_the_first_instructions_and_the_others() -> None:
    found = replay([[FAIR, BAD], [GOOD], [BAD]], RACING)
    assert 0.5 < found.first < 1
    assert found.later == (20 + 5) / 40
    assert (found.missed, found.lost) == (0, 0.0)


def test_without_racing_nothing_is_saved_or_lost() -> None:
    assert replay([[FAIR, BAD], [GOOD], [BAD]], Racing(0.0)) == replay([[FAIR, BAD], [GOOD], [BAD]], Racing(0.0, 1))
    assert replay([[FAIR, BAD], [GOOD], [BAD]], Racing(0.0)).later == 1.0


def test_a_best_one_that_begins_badly_is_missed_and_its_score_is_lost() -> None:
    late = [0.0] * 5 + [1.0] * 15
    found = replay([[FAIR], [late], [late]], Racing(0.19))
    assert found.missed == 1
    assert found.lost == pytest.approx(0.25)


def test_marks_are_read_by_iteration(tmp_path: Path) -> None:
    lines = [
        {
            "iteration": iteration,
            "instruction": "Do it.",
            "score": 0.5,
            "n": 2,
            "scores": [first, 0.0],
            "outputs": ["", ""],
        }
        for iteration, first in ((0, 1.0), (0, 0.0), (1, 0.5))
    ]
    (tmp_path / "candidates.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert read(tmp_path) == [[[1.0, 0.0], [0.0, 0.0]], [[0.5, 0.0]]]
