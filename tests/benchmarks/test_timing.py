"""The rows and tables that every benchmark prints and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main, read_json
from benchmarks.timing import Measurement, compare, table, write_json

ROWS = [Measurement("fit", 3.0, "s", 2.0, "at most 1.5"), Measurement("tokens", 7.0, "1/s")]


def test_contestants_run_in_turn_and_once_more_to_warm_up() -> None:
    calls: list[str] = []
    seconds = compare({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repeats=2)
    assert calls == ["a", "b"] * 3
    assert seconds.keys() == {"a", "b"}
    assert all(0 < each < float("inf") for each in seconds.values())


def test_a_table_holds_each_number_beside_its_limit_and_ratio() -> None:
    assert table(ROWS).splitlines()[2:] == ["| fit | 3 s | 2 s | 1.5 | at most 1.5 |", "| tokens | 7 1/s |  |  |  |"]


def test_json_holds_the_ratio_and_is_read_back(tmp_path: Path) -> None:
    write_json(tmp_path / "rows.json", ROWS)
    first, second = json.loads((tmp_path / "rows.json").read_text())
    assert (first["ratio"], first["limit"], second["ratio"]) == (1.5, 2.0, None)
    assert read_json(tmp_path / "rows.json") == ROWS


def test_an_unknown_benchmark_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["nothing", "--output", str(tmp_path)])
    assert "acquisition" in capsys.readouterr().err
