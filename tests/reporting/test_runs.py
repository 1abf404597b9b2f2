"""Run folders read back, and the line that each unreadable one gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duet.reporting.runs import find_folders, read_run, read_runs
from duet.reporting.untrusted import NotReportable
from tests.reporting.conftest import CANDIDATES, MakeRun, candidate


def test_a_run_is_read_as_it_was_written(make_run: MakeRun) -> None:
    run = read_run(make_run("a", baselines={"copy_input": 0.25}))
    assert (run.task, run.label, run.result.test_score) == ("last_word", "Duet", 0.8)
    assert run.result.baselines == {"copy_input": 0.25}
    assert run.settings["search.extractor.outputs"] == "white_box"
    assert [(row.iteration, row.n, row.score) for row in run.scored] == [(0, 2, 0.5), (0, 2, 0), (1, 2, 1), (2, 2, 0)]


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({}, 8),
        ({"initial_best_instruction": "Say the last word."}, 18),
        ({"initial_best_test_score": None}, 18),
        ({"test_score": None, "test_interval": None, "initial_best_test_score": None}, 28),
    ],
)
def test_the_final_test_is_no_call_of_the_search(make_run: MakeRun, changes: dict[str, Any], calls: int) -> None:
    assert read_run(make_run("a", **changes)).search_calls == calls


def test_folders_are_found_at_any_depth_and_once(make_run: MakeRun, tmp_path: Path) -> None:
    one, two = make_run("one"), make_run("deep/er/two")
    folders, problems = find_folders([tmp_path, one, tmp_path / "runs" / "deep"])
    assert ({path.resolve() for path in folders}, len(folders), problems) == ({one, two}, 2, [])


def test_a_path_without_a_run_gets_a_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    _, problems = find_folders([tmp_path / "empty", tmp_path / "file", tmp_path / "none"])
    assert [problem.partition(": ")[2] for problem in problems] == [
        "expected a run folder, or one below, but found no result.json",
        "expected a run folder but it is a file",
        "expected a run folder but it is missing",
    ]


def test_an_unfinished_run_is_shown_with_its_best_instruction_so_far(make_run: MakeRun) -> None:
    racing = (*CANDIDATES, candidate(3, "Lucky.", 1.0, n=1, scores=[1.0], outputs=["a"]))
    folder = make_run("unfinished", candidates=racing, settings={"task": {"name": "t"}})
    (folder / "result.json").unlink()
    run = read_run(folder)
    result = run.result
    assert not run.is_finished
    assert (run.task, run.label, result.best_instruction, result.test_score) == (
        "t",
        "Duet",
        "Say the last word.",
        None,
    )
    assert (result.validation_score, result.validation_n, result.initial_best_instruction) == (
        1,
        2,
        "Say the first word.",
    )


def test_of_equals_the_earlier_one_leads_not_the_shorter_one(make_run: MakeRun) -> None:
    folder = make_run("a", candidates=[candidate(0, "Write the last word.", 1.0), candidate(0, "Last word.", 1.0)])
    (folder / "result.json").unlink()
    assert read_run(folder).result.best_instruction == "Write the last word."


def test_a_run_without_a_scored_instruction_is_left_out_and_the_others_are_read(make_run: MakeRun) -> None:
    done, empty = make_run("done"), make_run("empty", candidates=[])
    (empty / "result.json").unlink()
    runs, problems = read_runs([done, empty])
    assert [run.folder for run in runs] == [done]
    why = "unfinished, and no instruction is scored; the same fit command resumes it; left out"
    assert problems == [f"{empty}: {why}"]


def test_numbers_of_examples_that_an_earlier_version_left_out_come_from_the_scores(make_run: MakeRun) -> None:
    result = read_run(make_run("a")).result
    assert (result.validation_n, result.initial_best_validation_n) == (2, 2)


def test_the_new_keys_of_a_line_are_read_and_the_old_name_of_the_standard_deviation_too(make_run: MakeRun) -> None:
    new = candidate(0, "a", 0.5, std=0.25, posterior=0.4, extracted=["x", None], tokens=7, uncertainty=None)
    old = candidate(1, "b", 0.5, uncertainty=0.125)
    first, second = read_run(make_run("a", candidates=[new, old])).scored
    assert (first.std, first.posterior, first.extracted, first.tokens) == (0.25, 0.4, ("x", None), 7)
    assert (second.std, second.posterior, second.extracted, second.tokens) == (0.125, None, (), None)


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("result.json", "{", "result.json: expected JSON but found: Expecting property name"),
        ("result.json", "[]", "result.json: expected a JSON object but found list"),
        ("result.json", "{}", "result.json: expected a value for task but found nothing"),
        ("config.yaml", "a: [", "config.yaml: expected YAML but found: while parsing"),
        ("config.yaml", "- a", "config.yaml: expected keys and values but found list"),
        ("candidates.jsonl", "1\n", "candidates.jsonl, line 1: expected a JSON object but found int"),
        (
            "candidates.jsonl",
            '{"iteration": 0}\n',
            "line 1: expected a value for instruction",
        ),
        ("candidates.jsonl", '{"score": NaN}\n', "line 1: expected JSON but found: NaN is not a number"),
    ],
)
def test_a_broken_file_is_named(make_run: MakeRun, file: str, text: str, line: str) -> None:
    folder = make_run("a")
    (folder / file).write_text(text)
    with pytest.raises(NotReportable) as problem:
        read_run(folder)
    assert line in str(problem.value)


def test_a_result_of_an_earlier_version_is_read(make_run: MakeRun) -> None:
    folder = make_run("a")
    content = json.loads((folder / "result.json").read_text())
    for name in ("task_fingerprint", "versions", "baselines", "cost_usd"):
        del content[name]
    (folder / "result.json").write_text(json.dumps(content))
    read = read_run(folder).result
    assert (read.task_fingerprint, read.versions, read.cost_usd, read.test_score) == ("", {}, None, 0.8)


def test_a_value_of_the_wrong_kind_is_named(make_run: MakeRun) -> None:
    folder = make_run("a")
    content = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(content | {"test_score": "high"}))
    with pytest.raises(NotReportable, match="expected a number for test_score but found 'high'"):
        read_run(folder)
