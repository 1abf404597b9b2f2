from __future__ import annotations

from pathlib import Path

import pytest

from duet.api.result import Result, read_result


def test_the_candidates_are_a_table_for_pandas_too() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    result = Result(Path("run"), {}, [{"instruction": "Sort.", "score": 0.5}])
    assert isinstance(result.to_pandas(), pandas.DataFrame)
    assert result.to_pandas()["score"].tolist() == [0.5]


def test_a_folder_without_a_finished_run_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a finished run"):
        read_result(tmp_path)
