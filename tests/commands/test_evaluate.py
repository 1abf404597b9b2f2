"""``duet evaluate``: given instructions on a split, for what it may cost at most."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from tests.commands.conftest import PRICES, at
from tests.servers.chat_server import ChatServer, completion, error

TASK = ["--task.name=t", "--task.train_file=good.jsonl"]
HASHING = [*TASK, "--black_box=duet.models.fakes.HashingBlackBox"]
COPY = "Copy the second word."


def test_it_prints_scores_intervals_and_differences_from_the_first(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("mine.txt").write_text(f"Say a word.\n\n{COPY}\n")
    assert cli.main(["evaluate", *HASHING, "--instruction=Reverse it.", "--instructions=mine.txt"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "t: 8 test examples, scored by exact_match"
    assert [line[:2] for line in lines[1:4]] == ["1.", "2.", "3."]
    assert lines[3].endswith(f"]  {COPY}")
    assert [line[:6] for line in lines[4:6]] == ["2 - 1:", "3 - 1:"]
    assert "exact McNemar test: p = " in lines[5]
    assert lines[6].startswith("24 calls; runs/t-evaluation-")


def test_it_writes_json_with_the_score_of_each_example(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", *HASHING, f"--instruction={COPY}", "--split=validation", "--json", "--run_dir=scores"]
    assert cli.main(arguments) == 0
    found = json.loads(capfd.readouterr().out)
    [row] = found["scores"]
    assert (row["instruction"], found["split"], found["folder"]) == (COPY, "validation", "scores")
    assert row["score"] == pytest.approx(sum(row["scores"]) / len(row["scores"]))
    assert json.loads(Path("scores/evaluation.json").read_text()) == found


@pytest.mark.parametrize("split", ["test", "validation"])
def test_an_example_that_no_answer_can_come_for_is_left_out_and_named(
    folder: Path, split: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, Any]:
        is_filtered = body["messages"][-1]["content"].endswith(("1\nOutput:", "4\nOutput:", "7\nOutput:"))
        return (400, error("flagged by moderation")) if is_filtered else (200, completion("b1"))

    with ChatServer(reply=reply) as chat:
        local = ["evaluate", *TASK, *at(chat.url), f"--instruction={COPY}", f"--split={split}"]
        leaving = [*local, "--search.evaluation.unanswered=leave_out"]
        assert cli.main(leaving) == 0
        line = next(line for line in capfd.readouterr().out.splitlines() if line.startswith("Examples left out"))
        assert cli.main([*leaving, "--json"]) == 0
    left_out = json.loads(capfd.readouterr().out)["left_out"]
    assert (
        line
        == f"Examples left out for all instructions: {len(left_out)} of {split} (filtered); evaluation.json names them"
    )
    assert {(each["split"], each["why"]) for each in left_out} == {(split, "filtered")}
    assert {each["input"][-1] for each in left_out} <= {"1", "4", "7"}


def test_what_costs_money_needs_a_cap_is_capped_and_is_paid_once(
    folder: Path, server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    paid = ["evaluate", *TASK, *at(server.url), *PRICES, f"--instruction={COPY}", "--instruction=Say a word."]
    assert cli.main(paid) == 2
    [*_, line] = capfd.readouterr().err.splitlines()
    assert line.startswith("duet: search.budget: expected a cap, as this can spend up to 16 calls, ")
    assert (server.requests, Path("runs").exists()) == ([], False)
    assert cli.main([*paid, "--search.budget.max_cost_usd=1"]) == 0
    assert "16 calls, $0.048;" in capfd.readouterr().out
    assert cli.main([*paid, "--search.budget.max_cost_usd=1"]) == 0
    assert len(server.requests) == 16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "instructions: expected at least one but got none"),
        (["--instructions=none.txt"], "none.txt: expected a text file with an instruction on each line but found: "),
        (["--instruction=a", "--split=train"], "invalid choice: 'train'"),
        (["--instruction=a", "--task.nam=t"], "no such key: task.nam"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(
    folder: Path, arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", *HASHING, *arguments]) == 2
    out, shown = capfd.readouterr()
    assert out == ""
    [line] = [line for line in shown.splitlines() if line != "Loading PyTorch"]
    assert message in line


def test_a_budget_without_room_for_one_score_has_exit_code_4(folder: Path) -> None:
    assert cli.main(["evaluate", *HASHING, f"--instruction={COPY}", "--search.budget.max_calls=3"]) == 4
