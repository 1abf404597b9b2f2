"""Tables about one's own runs, from literals."""

from __future__ import annotations

from typing import Any

from duet.reporting.run_tables import length_unit, own_tables, pareto_table, runs_table, scored_lengths
from duet.reporting.runs import read_run
from duet.reporting.table import Interval, Table
from tests.reporting.conftest import CANDIDATES, MakeRun, candidate
from tests.reporting.test_paper_tables import grid, labelled


def rows_of(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def test_one_run_fills_two_tables_that_speak_of_it(make_run: MakeRun) -> None:
    assert [table.name for table in own_tables(labelled([make_run("a")]))] == ["runs", "pareto"]


def test_several_methods_are_compared_without_a_word_of_the_paper(make_run: MakeRun) -> None:
    tables = own_tables(labelled(grid(make_run)))
    assert [table.name for table in tables] == ["runs", "methods", "methods_compared", "pareto"]
    assert not [table.title for table in tables if table.title.startswith("Table")]
    assert tables[2].title == "The methods, compared with Duet"


def test_a_run_has_the_number_of_examples_beside_each_score(make_run: MakeRun) -> None:
    [row] = rows_of(runs_table(labelled([make_run("a", validation_n=20)])))
    assert (row["validation score"], row["validation examples"]) == (1.0, 20)
    assert (row["test score"], row["95 % interval"], row["test examples"]) == (0.8, Interval(0.7, 0.9), 10)
    [untested] = rows_of(runs_table(labelled([make_run("b", test_score=None, test_interval=None)])))
    assert (untested["test score"], untested["95 % interval"], untested["test examples"]) == (None, None, None)


def test_own_instructions_stand_above_what_the_search_made_of_them(make_run: MakeRun) -> None:
    own = [{"instruction": "Mine.", "validation_score": 0.25, "n": 20, "test_score": 0.5}]
    tables = {table.name: table for table in own_tables(labelled([make_run("a", own_instructions=own)]))}
    mine, best = rows_of(tables["own_instructions"])
    assert (mine["whose"], mine["instruction"], mine["validation score"], mine["test score"]) == (
        "yours", "Mine.", 0.25, 0.5,
    )  # fmt: skip
    assert (best["whose"], best["instruction"], best["test score"]) == ("best", "Say the last word.", 0.8)


def test_the_front_names_the_best_and_the_shortest_that_is_as_good(make_run: MakeRun) -> None:
    rows = [
        candidate(0, "Say.", 0.0, n=4, scores=[0.0] * 4, outputs=["a"] * 4),
        candidate(0, "Say it.", 0.75, n=4, scores=[1.0, 1.0, 1.0, 0.0], outputs=["a"] * 4),
        candidate(0, "Say it once more.", 0.5, n=4, scores=[1.0, 1.0, 0.0, 0.0], outputs=["a"] * 4),
        candidate(0, "Say the last word.", 0.9, n=4, scores=[1.0, 1.0, 1.0, 0.6], outputs=["a"] * 4),
        candidate(1, "Go.", 1.0, n=1, scores=[1.0], outputs=["a"]),
    ]
    table = pareto_table(labelled([make_run("a", candidates=rows)]))
    assert [(row["words"], row["score"], row["remark"], row["instruction"]) for row in rows_of(table)] == [
        (1, 0.0, "–", "Say."),
        (2, 0.75, "–", "Say it."),
        (4, 0.9, "best, shortest within one standard error", "Say the last word."),
    ]


def test_lengths_are_tokens_where_all_are_known_and_scores_posterior_means(make_run: MakeRun) -> None:
    known = [row | {"tokens": 7 + place, "posterior": 0.4} for place, row in enumerate(CANDIDATES)]
    run = read_run(make_run("a", candidates=known))
    assert length_unit([run]) == "prompt tokens"
    assert [(row.length, row.score) for row in scored_lengths(run, "prompt tokens")] == [(7 + k, 0.4) for k in range(4)]
    partly = read_run(make_run("b", candidates=[*known, candidate(3, "a b", 0.5)]))
    assert length_unit([partly]) == "words"
    assert scored_lengths(partly, "words")[0].score == 0.5
    assert length_unit([read_run(make_run("c", candidates=[]))]) == "words"
