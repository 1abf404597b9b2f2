"""The held-out table from literal runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.held_out import best_known, by_task, columns_of, comparison, main, read_cells, shared
from duet.reporting.table import MeanWithError
from tests.reporting.conftest import MakeRun

SCORES = {"duet": {"x": (0.8, 0.6), "y": (0.5, 0.5)}, "ape+fixed": {"x": (0.6, 0.4), "y": (0.5, 0.7)}}


@pytest.fixture
def folder(make_run: MakeRun, tmp_path: Path) -> Path:
    for method, tasks in SCORES.items():
        for task, scores in tasks.items():
            for seed, score in enumerate(scores):
                changes: dict[str, Any] = {"task": task, "seed": seed, "test_score": score, "validation_score": 0.9}
                make_run(f"{task}/{method}+1100_calls/{seed}", **changes)
    make_run("x/duet+500_calls/0", task="x", test_score=0.1, initial_best_test_score=0.95)
    return tmp_path / "runs"


def test_a_budget_has_a_row_per_method_with_rank_regret_luck_and_the_lead(folder: Path) -> None:
    cells = read_cells(folder)
    table = comparison(cells, 1100, best_known(cells))
    first, second = (dict(zip(table.header, row, strict=True)) for row in table.rows)
    assert (first["method"], second["method"]) == ("duet", "ape+fixed")
    assert [str(row["mean"]) for row in (first, second)] == ["0.600", "0.550"]
    assert second["regret"] == pytest.approx(((0.95 - 0.5) + (0.7 - 0.6)) / 2)
    assert second["validation − test"] == pytest.approx(0.9 - 0.55)
    assert second["lead"] == pytest.approx(0.05)
    assert (second["wins / ties / losses"], second["Holm p"]) == ("1 / 0 / 1", 1.0)
    assert (first["lead"], first["average rank"]) == (None, 1.5)


def test_the_best_known_is_of_all_budgets_and_of_the_first_instructions_too(folder: Path) -> None:
    assert best_known(read_cells(folder)) == {"x": 0.95, "y": 0.7}
    assert columns_of(shared(read_cells(folder), 500)).keys() == {"duet"}


def test_what_not_every_method_has_is_left_out_and_said(folder: Path, make_run: MakeRun) -> None:
    make_run("z/duet+1100_calls/0", task="z", test_score=0.0)
    cells = read_cells(folder)
    table = comparison(cells, 1100, best_known(cells))
    assert [row[1] for row in table.rows] == [4, 4]
    assert table.notes[1].startswith("1 pairs of task and seed are left out")


def test_each_task_has_a_row_with_the_best_known(folder: Path) -> None:
    cells = read_cells(folder)
    table = by_task(cells, 500, best_known(cells))
    assert table.header == ("task", "best known", "duet")
    assert table.rows == (("x", 0.95, 0.1),)


def test_half_a_grid_does_and_none_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(folder), "--methods", "duet", "ape+fixed", "--reference", "ape+fixed"])
    printed = capsys.readouterr().out
    assert printed.count("calls, final test included**") == 2
    assert "those of ape" in printed
    with pytest.raises(ValueError, match="expected finished runs in TASK/METHOD"):
        read_cells(folder / "x" / "nothing")


def test_means_are_of_tasks_and_not_of_runs(make_run: MakeRun, tmp_path: Path) -> None:
    for task, seed, score in (("x", 0, 1.0), ("y", 0, 0.0), ("y", 1, 0.0)):
        make_run(f"{task}/duet+9_calls/{seed}", task=task, seed=seed, test_score=score)
    [row] = comparison(read_cells(tmp_path / "runs"), 9, {"x": 1.0, "y": 0.0}).rows
    assert isinstance(row[2], MeanWithError)
    assert row[2].value == 0.5
