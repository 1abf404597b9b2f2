"""Tables 1 to 5 from literal runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from duet.reporting.labels import Names, dotted, label_runs
from duet.reporting.paper import published_scores
from duet.reporting.paper_tables import STARTS, all_tables
from duet.reporting.runs import Run, read_runs
from duet.reporting.table import Interval, MeanWithError, Table
from tests.reporting.conftest import MakeRun

ABLATION_FILES = Path(__file__).parents[2] / "configs" / "ablations"
ABLATIONS = {
    "without output": dotted({"search": {"extractor": {"outputs": "none"}}}),
    "without similarity": dotted({"model": {"weight": "none"}}),
    "depth 5": dotted({"model": {"depth": 5}}),
    "initial gpt 4": dotted({"proposer": {"init_args": {"model": "gpt-4"}}, "search": {"iterations": 1}}),
}
DUET: dict[str, Any] = {"strategy": {"class_path": "duet.strategies.duet.Duet"}}
SCORES = {"Duet": {"x": (0.8, 0.6), "y": (0.5, 0.5)}, "APE": {"x": (0.6, 0.4), "y": (0.5, 0.7)}}


def labelled(folders: Sequence[Path]) -> list[Run]:
    return label_runs(read_runs(folders)[0], Names({}, ABLATIONS, {}))[0]


def grid(make_run: MakeRun, **more: Any) -> list[Path]:
    return [
        make_run(f"{method}-{task}-{seed}", method=method, task=task, seed=seed, test_score=score, **more)
        for method, tasks in SCORES.items()
        for task, scores in tasks.items()
        for seed, score in enumerate(scores)
    ]


def tables(folders: Sequence[Path]) -> dict[str, Table]:
    return {table.name: table for table in all_tables(labelled(folders))[0]}


def test_table_1_holds_means_over_seeds_and_the_mean_of_the_tasks(make_run: MakeRun) -> None:
    table = tables(grid(make_run))["table_1"]
    assert table.header == ("task", "APE", "Duet")
    x, y, mean = table.rows
    assert [str(cell) for cell in x] == ["x", "0.500 ± 0.100", "0.700 ± 0.100"]
    assert [str(cell) for cell in y] == ["y", "0.600 ± 0.100", "0.500 ± 0.000"]
    assert [str(cell) for cell in mean] == ["mean", "0.550", "0.600"]
    assert [cell.best for cell in (*y, *mean) if isinstance(cell, MeanWithError)] == [True, False, False, True]


def test_a_task_that_one_method_lacks_is_no_part_of_the_mean(make_run: MakeRun) -> None:
    table = tables([*grid(make_run), make_run("z", task="z", test_score=0.0)])["table_1"]
    assert [str(cell) for cell in table.rows[2]] == ["z", "None", "0.000"]
    assert [str(cell) for cell in table.rows[3]] == ["mean", "0.550", "0.600"]
    assert "The mean is over the 2 of 3 tasks that every column has." in table.notes


def test_the_comparison_has_difference_ranks_wins_test_and_calls(make_run: MakeRun) -> None:
    table = tables(grid(make_run))["table_1_comparison"]
    row = dict(zip(table.header, table.rows[0], strict=True))
    assert (row["method"], row["runs"], row["average rank"], row["tasks compared"]) == ("APE", 4, 1.5, 2)
    assert row["difference"] == pytest.approx(0.05)
    assert row["wins / ties / losses"] == "1 / 0 / 1"
    assert isinstance(row["interval of the difference"], Interval)
    assert (row["Wilcoxon p"], row["Holm p"], row["calls"], row["equal calls"]) == (1.0, 1.0, 8, "yes")
    assert table.rows[1][5:11] == (None,) * 6


def test_a_comparison_at_unequal_calls_is_marked(make_run: MakeRun) -> None:
    more = make_run("more", method="Other", task="x", seed=0, calls=120)
    table = tables([*grid(make_run), more])["table_1_comparison"]
    assert [row[-1] for row in table.rows if row[0] in ("APE", "Other")] == ["yes", "† 8 : 100"]
    assert any(note.startswith("†") for note in table.notes)


def test_baselines_stand_beside_and_are_neither_ranked_nor_bold(make_run: MakeRun) -> None:
    found = tables(grid(make_run, baselines={"copy_input": 1.0, "majority_answer": 0.0}))
    assert found["table_1"].header[-2:] == ("copy the input", "majority answer")
    copying = found["table_1"].rows[0][3]
    assert isinstance(copying, MeanWithError)
    assert (copying.value, copying.best) == (1.0, False)
    row = found["table_1_comparison"].rows[2]
    assert (row[0], row[4], row[-2], row[-1]) == ("copy the input", None, 0, "† 8 : 0")


def test_table_2_and_5_compare_parts_on_the_same_runs(make_run: MakeRun) -> None:
    without = {"search": {"iterations": 2, "extractor": {"outputs": "none"}}}
    deep = {"model": {"depth": 5}}
    found = tables([
        make_run("ours"), make_run("without", settings=without, test_score=0.5),
        make_run("deep", settings=deep, test_score=0.25),
    ])  # fmt: skip
    assert found["table_2"].header == ("task", "embedded alone", "Duet, without output", "Duet")
    assert [str(cell) for cell in found["table_2"].rows[0]] == ["last_word", "0.400", "0.500", "0.800"]
    assert found["table_5"].header == ("task", "Duet, depth 5", "Duet")
    assert found["ablations"].header == ("task", "Duet, depth 5", "Duet, without output", "Duet")
    alone = found["table_2_comparison"].rows[0]
    assert (alone[0], alone[-2], alone[-1]) == ("embedded alone", 4, "† 8 : 4")


def test_table_2_has_the_start_alone_by_each_model_that_wrote_one(make_run: MakeRun) -> None:
    written = {"proposer": {"init_args": {"model": "gpt-4"}}}
    once = written | {"search": {"iterations": 1, "extractor": {"outputs": "white_box"}}}
    found = tables([
        make_run("ours"),
        make_run("start", settings=once, initial_best_test_score=0.6, test_score=0.9),
        make_run("of another task", settings=once, task="y", initial_best_test_score=0.2),
        make_run("another change", settings=written | {"model": {"depth": 5}}, initial_best_test_score=0.0),
    ])  # fmt: skip
    assert found["table_2"].header == ("task", "embedded alone", "gpt-4 alone", "Duet")
    assert [[str(cell) for cell in row] for row in found["table_2"].rows] == [
        ["last_word", "0.400", "0.600", "0.800"], ["y", "None", "0.200", "None"], ["mean", "0.400", "0.600", "0.800"],
    ]  # fmt: skip
    assert found["ablations"].header == ("task", "Duet, depth 5", "Duet")


def test_the_names_of_the_starts_are_those_of_the_files() -> None:
    known = {path.stem.replace("_", " ") for path in ABLATION_FILES.glob("initial_*.yaml")}
    assert known - {"initial weights normal"} == set(STARTS)


def test_the_printed_table_1_stands_beside_ours_by_task(make_run: MakeRun) -> None:
    assert "table_1_printed" not in tables(grid(make_run))  # on tasks of no name
    table = tables([make_run("sum", task="sum", test_score=0.25), make_run("own", task="own")])["table_1_printed"]
    assert table.header == (
        "task", "Duet", "printed: APE", "printed: InstructZero", "printed: EvoPrompt", "printed: INSTINCT",
        "printed: the paper",
    )  # fmt: skip
    [row] = table.rows
    assert row[:2] == ("sum", 0.25)
    assert row[-1] == published_scores()["paper"]["sum"]
    assert "GPT-3.5-turbo" in table.notes[0]


def test_table_3_is_over_the_baselines_and_puts_the_hardest_task_first(make_run: MakeRun) -> None:
    others = {"Other": {"x": (0.7,), "y": (0.2,)}, "random search": {"x": (0.0,), "y": (0.0,)}}
    folders = grid(make_run) + [
        make_run(f"{method}-{task}", method=method, task=task, test_score=scores[0])
        for method, tasks in others.items()
        for task, scores in tasks.items()
    ]
    table = tables(folders)["table_3"]
    assert table.header == ("task", "mean error", "standard deviation", "difficulty")
    assert [row[0] for row in table.rows] == ["y", "x"]
    assert table.rows[0][1:] == pytest.approx((0.6, 0.2, 0.7 * 0.6 + 0.3 * 0.2))  # scores .6 of APE and .2
    assert "2 baseline(s), APE, Other" in table.notes[0]


def test_where_duet_ran_from_another_file_of_its_own_the_ablations_are_compared_with_that(make_run: MakeRun) -> None:
    fixed = DUET | {"search": {"iterations": 2, "extractor": {"outputs": "white_box"}, "allocation": {"kind": "fixed"}}}
    without = DUET | {"search": {"extractor": {"outputs": "none"}, "allocation": {"kind": "fixed"}}}
    names = Names({"duet": dotted(DUET), "duet fixed": dotted(DUET | {"search": {"allocation": {"kind": "fixed"}}})},
                  ABLATIONS, {})  # fmt: skip
    folders = [
        make_run("ours", settings=fixed, test_score=0.7), make_run("without", settings=without, test_score=0.5),
        make_run("other", method="APE", test_score=0.8),
    ]  # fmt: skip
    found = {table.name: table for table in all_tables(label_runs(read_runs(folders)[0], names)[0])[0]}
    assert found["table_1_comparison"].rows[0][6] == pytest.approx(-0.1)
    assert found["table_2"].header[-2:] == ("Duet (fixed), without output", "Duet (fixed)")
    assert found["table_3"].notes[0].startswith("Over 1 baseline(s), APE")


def test_the_paper_as_written_is_what_the_ablations_are_compared_with(make_run: MakeRun) -> None:
    paper = {"model": {"depth": 3, "width": 7}}
    names = Names({"duet": dotted(DUET), "paper": dotted(DUET | paper)}, ABLATIONS, {})
    folders = [
        make_run("ours", test_score=0.9), make_run("paper", settings=DUET | paper, test_score=0.8),
        make_run("without", settings=DUET | paper | {"search": {"extractor": {"outputs": "none"}}}, test_score=0.5),
    ]  # fmt: skip
    found = {table.name: table for table in all_tables(label_runs(read_runs(folders)[0], names)[0])[0]}
    assert found["table_1"].header == ("task", "Duet", "Duet (paper)")
    assert found["table_2"].header[-2:] == ("Duet (paper), without output", "Duet (paper)")
    assert "Duet (paper)" in found["table_4"].title


def test_table_4_chooses_the_seed_by_validation_and_never_by_the_test(make_run: MakeRun) -> None:
    low = make_run("low", seed=1, validation_score=0.5, test_score=1.0, best_instruction="Lucky.")
    table = tables([make_run("high"), low])["table_4"]
    assert table.rows == (("last_word", "Say the last word.", 1.0, 0.8, 0),)


def test_what_is_missing_is_said(make_run: MakeRun) -> None:
    found, left_out = all_tables(labelled([make_run("one")]))
    assert [table.name for table in found] == ["table_1", "table_2", "table_2_comparison", "table_4"]
    assert [line.partition(":")[0] for line in left_out] == [
        "Baselines", "Table 5", "All changes to the method", "Table 3",
    ]  # fmt: skip


def test_runs_without_a_test_score_fill_no_table(make_run: MakeRun) -> None:
    untested = make_run("a", test_score=None, test_interval=None)
    assert all_tables(labelled([untested])) == (
        [], ["Tables: left out, as no run of an unchanged method has a test score"]
    )  # fmt: skip
