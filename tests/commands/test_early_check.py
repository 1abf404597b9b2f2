"""What can be known to be wrong without torch is said without torch, in the words that the parser of fit uses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from duet.commands import early_check
from duet.commands.early_check import KEYS, check
from duet.commands.fit_keys import keys_of_fit
from duet.config_files import shipped_configs

ROOT = Path(__file__).parents[2]


def test_the_listed_keys_are_those_of_the_parser() -> None:
    assert list(KEYS) == keys_of_fit(), "write the list anew: python -m duet.commands.fit_keys"


@pytest.mark.parametrize("name", [name for name in shipped_configs() if not name.startswith("benchmarks/")])
def test_every_shipped_file_passes(name: str) -> None:
    check(["--config", name, "--task.name=second_letter", "--help"])


WRONG = [
    (["--task.metrik", "label"], "command line: no such key: task.metrik (did you mean task.metric?)"),
    (["--task.nam", "second_letter"], "command line: no such key: task.nam (did you mean task.name?)"),
    (["--task.name=t", "--search.iterations.x=3"], "command line: no such key: search.iterations.x"),
    (["--task.name=second_letter", "--config", "wrong.yaml"], "wrong.yaml: no such key: serch.iterations (did you"),
    (["--task.name=sort_wrds"], "task.name: expected a task that ships with Duet but found 'sort_wrds' (did you mean"),
    (["--config=named.yaml", "--task.name", "sort_wrds"], "found 'sort_wrds'"),
    (["--task.name", "sort_wrds", "--config=quikstart.yaml"], "did you mean quickstart.yaml"),
    (["--task.name=t", "--task.train_file=no.jsonl"], "no.jsonl: "),
    (["--task.name=t", "--task.train_file=good.jsonl", "--task.test_file=no.jsonl"], "no.jsonl: "),
    ([], "task.name: expected in a --config file or on the command line"),
    (["--task.name=t", "--config"], "--config: expected one argument but got none"),
    (["--task.name=t", "--search.allocation=null"], "search.allocation: expected keys and values but found nothing"),
    (["--task.name=t", "--config=empty.yaml"], "empty.yaml: task.prompt: expected keys and values but found nothing"),
    (["--yes"], "task.name: expected in a --config file or on the command line (--task.name ...) but missing"),
]
RIGHT = [
    ["--config=named.yaml", "--yes"],
    ["--task.name", "sort_wrds", "--config=named.yaml"],  # a later one wins
    ["--task.name=t", "--task.train_file=good.jsonl"],
    ["--task.name=second_letter", "--strategy.init_args.anything=3", "--trainer.anything=3", "--black_box.help=X"],
    ["--task.name=second_letter", "--trainer.callbacks+=X", "--print_config"],
    ["--help"],
]


@pytest.fixture
def files(folder: Path) -> Path:
    (folder / "named.yaml").write_text("task: {name: second_letter, train_file: null}\n")
    (folder / "empty.yaml").write_text("task: {prompt: }\n")
    (folder / "wrong.yaml").write_text("serch: {iterations: 3}\n")
    return folder


@pytest.mark.parametrize(("arguments", "line"), WRONG)
def test_what_is_wrong_is_refused_in_one_line(arguments: list[str], line: str, files: Path) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
        check(arguments)
    assert line in str(error.value)


@pytest.mark.parametrize("arguments", RIGHT)
def test_what_may_be_right_passes(arguments: list[str], files: Path) -> None:
    check(arguments)


def test_a_file_of_the_users_own_is_not_read_twice(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early_check, "Task", None)
    check(["--task.name=t", "--task.train_file=good.jsonl"])


@pytest.mark.parametrize("command", ["fit", "doctor"])
def test_a_misspelt_task_does_not_pay_for_torch(command: str, tmp_path: Path) -> None:
    code = (
        "import json, sys; from duet.commands.main import main; code = main(sys.argv[1:]);"
        "print(json.dumps([code, [name for name in ('torch', 'lightning') if name in sys.modules]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, command, "--task.name=sort_wrds"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == [2, []]
    assert "'sort_words'" in done.stderr
