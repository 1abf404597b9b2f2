"""The Python door against the command line: the same run, in the same folder, whatever the surroundings."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from lightning import Callback, LightningModule, Trainer

import duet
from duet.commands import main as command_line
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.function_black_box import FunctionBlackBox
from duet.strategies.ape import Ape
from tests.api.conftest import PAIRS, SecondWord

ROOT = Path(__file__).parents[2]
HASHING = {"class_path": "duet.models.fakes.HashingWhiteBox", "init_args": {"hidden_size": 8, "embedding_size": 4}}


def test_pairs_a_function_and_a_metric_that_is_a_function_give_a_tested_instruction(
    quick: dict[str, Any], model: SecondWord, capfd: pytest.CaptureFixture[str]
) -> None:
    def first_letter(answer: str, outputs: Sequence[str]) -> float:
        return float(answer[:1] == outputs[0][:1])

    task = duet.Task("second-word", examples=PAIRS, metric=first_letter)
    result = duet.optimize(task, model, **quick)
    assert isinstance(result, duet.Result)
    assert result.best_instruction == Path("run/best_instruction.txt").read_text().strip()
    assert result.test_interval is not None
    assert result.test_score is not None
    low, high = result.test_interval
    assert low <= result.test_score <= high
    assert [row["iteration"] for row in result.candidates] == [0, 0, 0, 0, 1, 2]
    assert result.to_dict()["candidates"] == result.candidates
    assert json.loads(json.dumps(result.to_dict()))["validation_score"] == result.validation_score
    assert Path("run/report.html").is_file()
    out, shown = capfd.readouterr()
    assert out == ""
    assert "iteration 2/2" in shown
    for noise in ("Lightning", "litlogger", "GPU available", "Seed set", "Warning", "weights_only", "max_epochs"):
        assert noise not in shown


def test_the_same_settings_give_the_command_lines_candidates_bit_for_bit_and_either_finds_the_others_run(
    quick: dict[str, Any], lines_of: Callable[[str], list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    small = ["--task.name=second_letter", f"--white_box={json.dumps(HASHING)}", "--search.iterations=2"]
    small += [f"--{key}={value}" for key, value in quick["settings"].items()]
    assert command_line.main(["fit", *small, "--run_dir=typed"]) == 0
    door = quick | {"white_box": HASHING}
    result = duet.optimize("second_letter", **door)
    assert lines_of("run") == lines_of("typed")
    assert result.candidates
    ours, theirs = (json.loads(Path(folder, "result.json").read_text()) for folder in ("run", "typed"))
    assert ours | {"seconds": 0} == theirs | {"seconds": 0}
    capfd.readouterr()
    assert command_line.main(["fit", *small, "--run_dir=run"]) == 0
    assert "finished" in capfd.readouterr().err
    assert duet.optimize("second_letter", **door | {"run_dir": "typed"}).to_dict()["calls"] == theirs["calls"]
    assert "no calls were made" in capfd.readouterr().err


def test_a_finished_run_costs_nothing_and_other_settings_are_refused(quick: dict[str, Any], model: SecondWord) -> None:
    first = duet.optimize(PAIRS, model, **quick)
    number = len(model.requests)
    again = duet.optimize(PAIRS, model, **quick)
    assert (again.to_dict(), len(model.requests)) == (first.to_dict(), number)
    with pytest.raises(ValueError, match=r"^run_dir: run holds a run with other settings: "):
        duet.optimize(PAIRS[:-1], model, **quick)


def test_it_runs_where_an_event_loop_is_running(quick: dict[str, Any], model: SecondWord) -> None:
    async def main() -> duet.Result:
        return duet.optimize(PAIRS, model, **quick)

    assert len(asyncio.run(main()).candidates) == 6


def test_without_a_white_box_the_proposer_writes_and_n_grams_are_the_features(
    quick: dict[str, Any], model: SecondWord, capfd: pytest.CaptureFixture[str]
) -> None:
    result = duet.optimize(PAIRS, model, **{key: value for key, value in quick.items() if key != "white_box"})
    shown = capfd.readouterr().err.splitlines()
    assert sum("No white box is named" in line for line in shown) == 1
    settings = yaml.safe_load(Path("run/config.yaml").read_text())
    assert settings["white_box"]["class_path"].endswith("NGramEncoder")
    assert settings[
        "black_box"
    ] == "tests.api.conftest.SecondWord (function:tests.api.conftest.SecondWord), made in Python" or (
        "made in Python" in settings["black_box"]
    )
    of_a_white_box = {"soft_global", "soft_local", "continuation"}
    assert not of_a_white_box & {row["origin"] for row in result.candidates}


def test_a_method_is_an_object_or_the_name_of_its_file(
    quick: dict[str, Any], model: SecondWord, lines_of: Callable[[str], list[str]]
) -> None:
    settings = {key: value for key, value in quick["settings"].items() if not key.startswith("strategy")}
    given = quick | {"settings": settings}
    duet.optimize(PAIRS, model, **given | {"method": "ape", "run_dir": "named"})
    duet.optimize(PAIRS, model, **given | {"method": Ape(temperature=0.9), "run_dir": "made"})
    assert lines_of("named") == lines_of("made")
    assert yaml.safe_load(Path("made/config.yaml").read_text())["strategy"]["class_path"].endswith("ape.Ape")
    with pytest.raises(ValueError, match=r"methods/apes: expected a file of settings .*did you mean"):
        duet.optimize(PAIRS, model, method="apes", **given)


class Counting(Callback):
    """Counts the iterations."""

    def __init__(self) -> None:
        self.seen = 0

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seen += 1


def test_a_programs_callbacks_are_called_and_its_own_state_stays_as_it_was(
    quick: dict[str, Any], model: SecondWord
) -> None:
    counting, filters = Counting(), list(warnings.filters)
    level = logging.getLogger("lightning.pytorch").level
    random.seed(7)
    torch.manual_seed(7)
    expected = (random.random(), torch.rand(1).item())
    random.seed(7)
    torch.manual_seed(7)
    duet.optimize(PAIRS, model, callbacks=[counting], **quick)
    assert counting.seen == 2
    assert (random.random(), torch.rand(1).item()) == expected
    assert (list(warnings.filters), logging.getLogger("lightning.pytorch").level) == (filters, level)
    assert logging.getLogger("duet").handlers == []


def test_a_budget_caps_the_calls(quick: dict[str, Any], model: SecondWord) -> None:
    result = duet.optimize(PAIRS, model, budget=duet.Budget(max_calls=40), **quick)
    assert len(model.requests) <= 40
    assert result.to_dict()["calls"] <= 40
    with pytest.raises(BudgetSpent):
        duet.optimize(PAIRS, model, budget=duet.Budget(max_calls=3), **quick | {"run_dir": "poor"})


def test_a_model_that_may_cost_money_needs_a_budget(quick: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^search\.budget: expected a cap, as this run can spend up to"):
        duet.optimize(PAIRS, "gpt-4o-mini", **quick)
    with pytest.raises(ProviderError, match="OPENAI_API_KEY"):
        duet.optimize(PAIRS, "openai/gpt-4o-mini", budget=duet.Budget(max_calls=500), **quick)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search.iteration": 3}, r"no such key: search.iteration .*did you mean"),
        ({"model.depth": "x"}, r"model.depth: "),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(
    quick: dict[str, Any], model: SecondWord, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as error:
        duet.optimize(PAIRS, model, **quick | {"settings": settings})
    assert "\n" not in str(error.value)
    assert not Path("run").exists()


PROGRAM = """
import os, signal, sys, duet
from duet.models.function_black_box import FunctionBlackBox
from duet.models.fakes import HashingWhiteBox
from tests.api.conftest import PAIRS, answer
last = int(sys.argv[1])
calls = 0
def model(prompts):
    global calls
    calls += len(prompts)
    if calls > last:
        os.kill(os.getpid(), signal.SIGKILL)
    return [answer(prompt) for prompt in prompts]
settings = eval(sys.argv[2])
box = FunctionBlackBox(model, "second-word")
duet.optimize(PAIRS, box, HashingWhiteBox(8, 4), iterations=2, run_dir="run", settings=settings)
print(calls)
"""


def test_after_kill_9_the_same_program_resumes_asks_nothing_twice_and_ends_with_the_same(
    quick: dict[str, Any], lines_of: Callable[[str], list[str]]
) -> None:
    def start(last: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", PROGRAM, str(last), repr(quick["settings"])]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}  # as many threads as here: they decide the last bits
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)

    box = FunctionBlackBox(whole := SecondWord(), "second-word")
    duet.optimize(PAIRS, box, **quick | {"run_dir": "whole"})
    killed = start(len(whole.requests) // 2)
    assert killed.returncode == -9, killed.stderr
    assert not Path("run/result.json").exists()
    resumed = start(10**9)
    assert resumed.returncode == 0, resumed.stderr
    assert int(resumed.stdout) < len(whole.requests)
    assert lines_of("run") == lines_of("whole")
    ours, theirs = (json.loads(Path(folder, "result.json").read_text()) for folder in ("run", "whole"))
    assert ours | {"seconds": 0} == theirs | {"seconds": 0}
