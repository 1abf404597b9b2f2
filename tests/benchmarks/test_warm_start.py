"""The benchmark of warm starts, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.landscapes import Landscape, write_task
from benchmarks.warm_start import SOURCES, compared, main, shown, source_of
from tests.benchmarks.test_landscapes import LANDSCAPE, WORDINGS

OTHER_MODEL = Landscape("t", "n", WORDINGS, tuple(0.9 * accuracy for accuracy in LANDSCAPE.accuracy))
OTHER_TASK = Landscape("u", "m", tuple(f"{text} Now." for text in WORDINGS), LANDSCAPE.accuracy[::-1])
ALL = (LANDSCAPE, OTHER_MODEL, OTHER_TASK)


def test_a_source_is_of_the_same_task_or_of_another_one() -> None:
    assert [source_of(LANDSCAPE, kind, ALL) for kind in SOURCES] == [OTHER_MODEL, OTHER_TASK]
    assert source_of(OTHER_TASK, SOURCES[0], ALL) is None


@pytest.mark.filterwarnings("ignore")  # Lightning's: the benchmark's own processes silence them
def test_a_warm_search_is_one_of_the_programs_own(tmp_path: Path) -> None:
    write_task(tmp_path)
    found = compared(LANDSCAPE, ALL, 120, tmp_path)
    assert list(found) == [
        "cold, all calls", "cold",
        f"warm from {SOURCES[0]}", "cold, with its best instruction", f"warm from {SOURCES[1]}",
    ]  # fmt: skip
    assert all(0 <= share <= 1 for share in found.values())
    # on the other model the same wording is the best one by far, and its predictor puts it first
    assert found[f"warm from {SOURCES[0]}"] == found["cold, with its best instruction"] == 1.0


def test_each_way_is_compared_where_it_ran() -> None:
    table = shown([{"cold, all calls": 0.9, "cold": 0.8, "warm": 1.0}, {"cold, all calls": 0.7, "cold": 0.5}], 900)
    assert table.splitlines()[2:] == [
        "| cold, all calls | 900 | 2 | 0.800 ± 0.100 |  | +0.150 [+0.100, +0.200] |",
        "| cold | 450 | 2 | 0.650 ± 0.150 | -0.150 [-0.200, -0.100] |  |",
        "| warm | 450 | 1 | 1.000 ± 0.000 | +0.100 | +0.200 |",
    ]


def test_data_without_landscapes_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"^--data: expected landscapes with room but found none in "):
        main(["--data", str(tmp_path)])
