"""How many texts were rejected, and why, is counted over the whole run and always said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duet.commands.fit import summary
from duet.engine.search import Search
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.proposals.instruction_filter import InstructionFilter
from duet.strategies.ape import Ape
from duet.strategies.random_search import RandomSearch
from duet.tasks.task import Task

FIRST = ("Name the colour.", "Copy.", "Write the second word.", "Say a word.", "Write the very last word of all of it.")


def test_rejected_texts_are_in_the_result_with_their_reasons(
    run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="duet")
    wanted = InstructionFilter(max_words=4)  # what the fake writes later has four or five words
    done = run(first=FIRST, strategy=Ape(per_iteration=4), instruction_filter=wanted, iterations=2, threshold=1.1)
    rejected = done.result["rejected"]
    assert rejected["too short"] == 1
    assert rejected["too long"] >= 1
    assert done.result["written"] >= len(done.texts) + sum(rejected.values())
    assert "rejected (" in caplog.text
    [line] = [line for line in summary(done.result, Path("report.html")) if line.startswith("Generated texts: ")]
    assert f"{sum(rejected.values())} rejected (" in line
    assert f"{rejected['too long']} too long" in line


def test_where_none_is_rejected_that_is_said_too(run: Callable[..., Any]) -> None:
    done = run(iterations=1)
    assert done.result["rejected"] == {}
    assert any(line.endswith("; 0 rejected") for line in summary(done.result, Path("report.html")))


def test_a_resumed_run_goes_on_counting(tmp_path: Path) -> None:
    task = Task("t", examples=[{"input": f"a{i} b{i}", "output": f"b{i}"} for i in range(30)])
    searches = [Search(task, ScriptedBlackBox(lambda _: ""), RandomSearch(), HashingWhiteBox(8, 4)) for _ in "12"]
    searches[0].written, searches[0].rejected["too short"] = 7, 3
    searches[1].load_state_dict(searches[0].state_dict())
    assert (searches[1].written, dict(searches[1].rejected)) == (7, {"too short": 3})
