"""The door: every wrong input ends in one line that says what is wrong, and in the right exit code."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from duet.commands import main as cli
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER

ROOT = Path(__file__).parent.parent
NO_MODEL = ["--black_box", "duet.models.fakes.HashingBlackBox", "--white_box", "duet.models.fakes.HashingWhiteBox"]
SMALL = [
    "--search.iterations=2", "--search.allocation.kind=fixed", "--search.allocation.examples=3",
    "--search.initialisation.count=4",
    "--strategy.init_args.candidates=6", "--strategy.init_args.choose=1", "--model.steps=6",
]  # fmt: skip
TASK = ["--task.name", "t", "--task.train_file", "good.jsonl"]
TINY = [*TASK, *NO_MODEL, *SMALL]
OPENAI = ["--black_box", "duet.models.openai_black_box.OpenAIBlackBox", "--black_box.init_args.model", "gpt-3.5-turbo"]
TASK_YAML = "task: {name: t, train_file: good.jsonl}\n"


class Wrong(NamedTuple):
    """A command line, its exit code, and what the line must name."""

    arguments: list[str]
    code: int
    said: tuple[str, ...]


def wrong(arguments: list[str], *said: str, code: int = 2) -> Wrong:
    return Wrong(arguments, code, said)


def task(file: str, *more: str) -> list[str]:
    return ["--task.name", "t", "--task.train_file", file, *more]


FILES: dict[str, str | bytes] = {
    "good.jsonl": "".join(json.dumps({"input": f"a{i} b{i}", "output": f"b{i}"}) + "\n" for i in range(40)),
    "one.jsonl": '{"input": "a", "output": "b"}\n',
    "empty.jsonl": "",
    "binary.jsonl": b"\xff\xfe\x00\x01",
    "nul.jsonl": b'{"input": "a\x00", "output": "b"}',
    "blank.jsonl": '{"input": "a", "output": "b"}\n{"input": "c", "output": ""}\n',
    "broken.jsonl": '{"input": "a", "output": "b"}\n{"input": "c", \n',
    "array.jsonl": "[1, 2]\n",
    "null.jsonl": '{"input": null, "output": "b"}\n',
    "nohead.csv": "a,b\nc,d\n",
    "ragged.csv": "input,output\na,b,c\n",
    "task.txt": "input output\n",
    "broken.yaml": "task: [1, 2\n  name: x\n",
    "tab.yaml": "task:\n\tname: x\n",
    "list.yaml": "- 1\n- 2\n",
    "empty.yaml": "",
    "binary.yaml": b"\xff\xfe\x00",
    "top.yaml": TASK_YAML + "taks: {name: x}\n",
    "second.yaml": "task: {name: t, trainfile: good.jsonl}\n",
    "third.yaml": TASK_YAML + "search: {evaluation: {exmples: 3}}\n",
    "init_args.yaml": TASK_YAML + "strategy: {class_path: duet.strategies.duet.Duet, init_args: {candidate: 3}}\n",
    "type.yaml": TASK_YAML + "search: {iterations: many}\n",
    "scalar.yaml": TASK_YAML + "search: 3\n",
    "class.yaml": TASK_YAML + "strategy: {class_path: duet.strategies.duet.Dut}\n",
    "file_as_model": "weights",
    "no.ckpt": "not a checkpoint",
}

WRONG: dict[str, Wrong] = {
    "no subcommand": wrong([], "command"),
    "unknown subcommand": wrong(["fti"], "fti", "fit"),
    "nothing said": wrong(["fit"], "task.name", "missing"),
    "config missing": wrong(["fit", "--config", "no.yaml"], "no.yaml", "No such file"),
    "config is a directory": wrong(["fit", "--config", "folder"], "folder", "Is a directory"),
    "config without a value": wrong(["fit", "--config"], "--config", "expected one argument"),
    "broken YAML": wrong(["fit", "--config", "broken.yaml"], "broken.yaml, line 2", "YAML"),
    "tab in YAML": wrong(["fit", "--config", "tab.yaml"], "tab.yaml, line 2", "YAML"),
    "YAML list": wrong(["fit", "--config", "list.yaml"], "list.yaml", "a list"),
    "empty YAML": wrong(["fit", "--config", "empty.yaml"], "empty.yaml", "nothing"),
    "binary YAML": wrong(["fit", "--config=binary.yaml"], "binary.yaml", "binary data"),
    "misspelt top key": wrong(["fit", "--config", "top.yaml"], "top.yaml", "taks.name", "did you mean task.name?"),
    "misspelt second key": wrong(["fit", "--config", "second.yaml"], "second.yaml", "task.train_file?"),
    "misspelt third key": wrong(["fit", "--config", "third.yaml"], "third.yaml", "search.allocation.examples?"),
    "misspelt init_args": wrong(["fit", "--config", "init_args.yaml"], "strategy", "'candidate'"),
    "type in YAML": wrong(["fit", "--config", "type.yaml"], "search.iterations", "int", "many"),
    "number for keys": wrong(["fit", "--config", "scalar.yaml"], "search"),
    "class in YAML": wrong(["fit", "--config", "class.yaml"], "strategy", "Dut"),
}
WRONG_WITH_TASK: dict[str, Wrong] = {
    "misspelt option": wrong(["--search.iteratons", "3"], "search.iteratons", "did you mean search.iterations?"),
    "option without a value": wrong(["--search.iterations"], "--search.iterations", "expected one argument"),
    "a word too many": wrong(["extra"], "extra"),
    "word for an integer": wrong(["--search.iterations", "abc"], "search.iterations", "expected int", "abc"),
    "fraction for an integer": wrong(["--search.iterations", "1.5"], "search.iterations", "expected int", "1.5"),
    "word for a number": wrong(["--model.alpha", "abc"], "model.alpha", "expected float", "abc"),
    "word for a seed": wrong(["--seed_everything", "x"], "seed_everything", "int", "x"),
    "negative iterations": wrong(["--search.iterations", "-1"], "search.iterations", "-1"),
    "zero threshold": wrong(["--search.threshold", "0"], "search.threshold", "above 0"),
    "zero examples": wrong(["--search.allocation.examples", "0"], "allocation.examples", "at least 1"),
    "zero initial instructions": wrong(["--search.initialisation.count", "0"], "initialisation.count", "at least 1"),
    "a thousand million of them": wrong(
        ["--search.initialisation.count=1000000000"], "initialisation.count", "at most 1,000,000 but got 1,000,000,000"
    ),
    "more candidates than memory": wrong(
        ["--strategy.init_args.candidates", "1000000000000"], "candidates of at most 1,000,000"
    ),
    "a network larger than memory": wrong(["--model.width=1000000000000"], "not enough memory; lower the largest"),
    "a network that is too deep": wrong(["--model.depth=100000000"], "depth of at most 1000 but got 100000000"),
    "unknown mode": wrong(["--search.initialisation.mode", "beg"], "search.initialisation.mode", "sample", "beg"),
    "zero calls": wrong(["--search.budget.max_calls", "0"], "max_calls", "positive", "0"),
    "word for calls": wrong(["--search.budget.max_calls", "few"], "search.budget.max_calls", "int", "few"),
    "prompt without input": wrong(["--task.prompt.template", "Do {instruction}"], "{input}", "task.prompt"),
    "unknown acquisition": wrong(["--strategy.init_args.acquisition", "ucb"], "acquisition", "greedy", "ucb"),
    "zero candidates": wrong(["--strategy.init_args.candidates", "0"], "candidates", "at least 1", "0"),
    "negative share": wrong(["--strategy.init_args.shares.continuation", "-1"], "shares", "at least 0", "-1"),
    "unknown fusion": wrong(["--search.extractor.fusion", "sum"], "search.extractor.fusion", "concat", "sum"),
    "unknown weight": wrong(["--model.weight", "auto"], "model.weight", "balance", "auto"),
    "zero depth": wrong(["--model.depth", "0"], "depth", "positive", "0"),
    "negative tolerance": wrong(["--model.tolerance", "-1"], "tolerance", "at least 0", "-1"),
    "unknown strategy": wrong(["--strategy", "Duett"], "strategy", "dotted path", "Duett"),
    "no strategy": wrong(["--strategy", "null"], "strategy", "dotted path", "nothing"),
    "no black box": wrong(["--black_box=null"], "black_box", "dotted path", "nothing"),
    "strategy of no module": wrong(["--strategy", "duet.strategies.nope.Nope"], "strategy", "nope"),
    "abstract black box": wrong(["--black_box", "duet.models.base.AbstractBlackBox"], "black_box", "abstract"),
    "a task for a black box": wrong(
        ["--black_box", "duet.tasks.task.Task"], "black_box", "subclass", "duet.tasks.task.Task"
    ),
    "an endpoint without a model": wrong(
        ["--black_box", "duet.models.openai_black_box.OpenAIBlackBox"], "black_box", "model"
    ),
    "init_args without keys": wrong(["--strategy.init_args", "5"], "strategy", "keys and values"),
    "unknown accelerator": wrong(["--trainer.accelerator", "abacus"], "trainer", "abacus"),
    "negative devices": wrong(["--trainer.devices", "-3"], "trainer", "devices"),
    "unknown metric": wrong(["--task.metric", "blue"], "task.metric", "exact_match", "blue"),
    "metric of no module": wrong(["--task.metric", "nowhere.Metric"], "task.metric", "nowhere"),
    "file and directory": wrong(["--task.directory", "folder"], "train_file", "directory", "both"),
    "share above 1": wrong(["--task.test_share", "1.5"], "task.test_share", "1.5"),
    "missing test file": wrong(["--task.test_file", "no.jsonl"], "no.jsonl", "No such file"),
    "wrong column": wrong(["--task.input_column", "question"], "good.jsonl, line 1", "'question'", "'input'"),
    "folder is a file": wrong(["--run_dir", "good.jsonl"], "run_dir", "good.jsonl"),
    "folder in a file": wrong(["--run_dir", "good.jsonl/run"], "run_dir", "good.jsonl"),
    "unknown dtype": wrong(["--white_box", "duet.models.huggingface_white_box.HuggingFaceWhiteBox",
                            "--white_box.init_args.dtype", "int3"], "dtype", "float32", "int3"),
    "unknown layer": wrong(["--white_box", "duet.models.huggingface_white_box.HuggingFaceWhiteBox",
                            "--white_box.init_args.layer", "high"], "layer", "middle", "high"),
    "no such model": wrong(["--white_box", "duet.models.huggingface_white_box.HuggingFaceWhiteBox",
                            "--white_box.init_args.model", "./no/such/folder"], "./no/such/folder", code=3),
    "model is a file": wrong(["--white_box", "duet.models.huggingface_white_box.HuggingFaceWhiteBox",
                              "--white_box.init_args.model", "file_as_model"], "file_as_model", "config.json", code=3),
    "model folder is empty": wrong(["--white_box", "duet.models.huggingface_white_box.HuggingFaceWhiteBox",
                                    "--white_box.init_args.model", "folder"], "folder", code=3),
    "a GPU that is not there": wrong(["--white_box", "duet.models.huggingface_white_box.HuggingFaceWhiteBox",
                                      "--white_box.init_args.device_map", "cuda:0"], "cuda:0", "no GPU", code=3),
    "4 and 8 bit": wrong(["--white_box", "duet.models.huggingface_white_box.HuggingFaceWhiteBox",
                          "--white_box.init_args.load_in_4bit=true", "--white_box.init_args.load_in_8bit=true"],
                         "load_in_4bit", "load_in_8bit"),
    "no key": wrong([*OPENAI, "--search.budget.max_calls=999"], "OPENAI_API_KEY", code=3),
    "no cap": wrong(OPENAI, "search.budget", "up to 56 calls", "$", "max_cost_usd", "--yes"),
    "no prices": wrong([*OPENAI, "--black_box.init_args.model=m", "--search.budget.max_cost_usd=1"],
                       "max_cost_usd", "m at https://api.openai.com", "init_args.prices"),
    "negative price": wrong([*OPENAI, "--black_box.init_args.prices={prompt: -1, completion: 1}"], "prompt", "-1"),
    "half a price": wrong([*OPENAI, "--black_box.init_args.prices={prompt: 1}"], "prices", "completion"),
    "zero dollars": wrong(["--search.budget.max_cost_usd", "0"], "max_cost_usd", "positive", "0"),
    "no address": wrong([*OPENAI, "--black_box.init_args.base_url", "example.com"], "base_url", "example.com"),
    "unreachable": wrong([*OPENAI, "--black_box.init_args.base_url", "http://127.0.0.1:9/v1",
                          "--black_box.init_args.patience", "0.5"], "127.0.0.1:9", code=3),
    "former predictor missing": wrong(["--model.init_from", "gone.ckpt"], "gone.ckpt", "no file"),
    "former predictor is none": wrong(["--model.init_from", "no.ckpt"], "no.ckpt", "not a checkpoint"),
    "checkpoint missing": wrong(["--ckpt_path", "gone.ckpt"], "ckpt_path", "gone.ckpt"),
    "checkpoint is none": wrong(["--ckpt_path", "no.ckpt"], "ckpt_path", "no.ckpt"),
    "one call for all": wrong(["--search.budget.max_calls", "3"], "max_calls=3", code=4),
    "too few calls for one": wrong(["--search.budget.max_calls", "6"], "search.budget", code=4),
}  # fmt: skip
WRONG_TASK: dict[str, Wrong] = {
    "unknown task": wrong(["--task.name", "reverse_wrd"], "task.name", "reverse_wrd", "'reverse_word'"),
    "published task": wrong(["--task.name", "rhymes"], "task.directory", "data download"),
    "empty name": wrong(["--task.name", " "], "task.name", "empty"),
    "no folder": wrong(["--task.name", "sum", "--task.directory", "nowhere"], "task.directory", "nowhere"),
    "missing file": wrong(task("no.jsonl"), "no.jsonl", "No such file"),
    "directory for a file": wrong(task("folder"), "folder", ".jsonl or .csv"),
    "unknown suffix": wrong(task("task.txt"), "task.txt", ".jsonl or .csv"),
    "empty file": wrong(task("empty.jsonl"), "empty.jsonl", "none"),
    "binary file": wrong(task("binary.jsonl"), "binary.jsonl, line 1", "UTF-8"),
    "NUL in a file": wrong(task("nul.jsonl"), "nul.jsonl, line 1", "binary"),
    "one example": wrong(task("one.jsonl"), "one.jsonl", "at least"),
    "empty output": wrong(task("blank.jsonl"), "blank.jsonl, line 2", "'output'", "empty"),
    "broken line": wrong(task("broken.jsonl"), "broken.jsonl, line 2", "valid JSON"),
    "array in a line": wrong(task("array.jsonl"), "array.jsonl, line 1", "object"),
    "null input": wrong(task("null.jsonl"), "null.jsonl, line 1", "'input'", "null"),
    "CSV without header": wrong(task("nohead.csv"), "nohead.csv, line 2", "'input'", "'a'"),
    "ragged CSV": wrong(task("ragged.csv"), "ragged.csv, line 2", "more"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current directory with good and bad files; no key."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def assert_one_line(shown: str, out: str, said: tuple[str, ...]) -> None:
    problems = [line for line in shown.splitlines() if line.startswith("duet: ")]
    assert len(problems) == 1, shown
    assert [part for part in said if part not in problems[0]] == [], problems[0]
    assert len(problems[0]) < 700
    assert (out, "Traceback" in shown) == ("", False)


@pytest.mark.parametrize("name", [*WRONG, *WRONG_TASK, *WRONG_WITH_TASK])
def test_wrong_input_ends_in_one_line(name: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if name == "a GPU that is not there" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    arguments, code, said = {**WRONG, **WRONG_TASK, **WRONG_WITH_TASK}[name]
    if name in WRONG_TASK:
        arguments = ["fit", *NO_MODEL, *arguments]
    elif name in WRONG_WITH_TASK:
        arguments = ["fit", *TINY, *arguments]
    assert cli.main(arguments) == code
    out, shown = capfd.readouterr()
    assert_one_line(shown, out, said)
    if code == 2:
        assert len(shown.splitlines()) == 1, shown


@pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")
def test_a_layer_that_does_not_exist_is_known_before_anything_is_paid(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fit", *TASK, "--run_dir", "run", "--white_box.init_args.layer", "99"]
    assert cli.main(arguments) == 2
    out, shown = capfd.readouterr()
    assert_one_line(shown, out, ("layer", "from 1 to", "99"))
    assert not Path("run/calls.sqlite").exists()


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["no subcommand", "broken YAML", "misspelt third key"])
def test_wrong_input_ends_in_one_line_in_a_process_of_its_own(name: str, folder: Path) -> None:
    arguments, code, said = WRONG[name]
    process = python(*arguments, cwd=folder)
    assert process.returncode == code
    assert len(process.stderr.splitlines()) == 1
    assert_one_line(process.stderr, process.stdout, said)


def test_a_run_prints_its_own_lines_and_its_summary_only(folder: Path) -> None:
    process = python("fit", *TINY, "--run_dir", "run", cwd=folder)
    assert process.returncode == 0, process.stderr
    shown = process.stderr.splitlines()
    assert shown.pop(0) == "Loading PyTorch"
    assert shown[0].startswith("No test file: 20%")
    assert shown[1].startswith("The task model is a small one")
    assert shown[2] == "Run in run"
    assert shown[3].startswith("4 initial instructions of ")
    assert shown[4].startswith("4 instructions scored, best ")
    assert [line.split(":")[0] for line in shown[5:]] == ["iteration 1/2", "iteration 2/2"]
    said = [line.split(":")[0] for line in process.stdout.splitlines()]
    assert said[:4] == ["Best instruction", "Test score", "Validation", "Before the search"]
    assert process.stdout.splitlines()[-1] == "Report: run/report.html"


def test_the_long_way_is_one_flag_away(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fit", "--debug", "--config", "no.yaml"]) == 2
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["fit", "--help", "all"], ["data", "--help"], ["doctor", "--help"], ["cache", "--help"]]
)
def test_help_works(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 0
    assert "usage: duet" in capfd.readouterr().out


def test_help_of_fit_describes_our_own_keys(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["fit", "--help=all"])
    shown = capfd.readouterr().out
    for key in (
        "--task.train_file",
        "--search.threshold",
        "--search.budget.max_cost_usd",
        "--search.cache",
        "--dry_run",
        "--yes",
        "--model.alpha",
        "--run_dir",
    ):
        assert key in shown


def test_the_help_of_the_door_loads_neither_torch_nor_transformers_nor_lightning() -> None:
    heavy = "{'torch', 'transformers', 'lightning'} & sys.modules.keys()"
    code = f"import sys, cli\ntry: cli.main(['--help'])\nexcept SystemExit: sys.exit(bool({heavy}))"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert process.returncode == 0


@pytest.mark.parametrize("last_line", ["", "raise KeyError"])
def test_the_garbage_collector_rests_while_a_command_is_imported(last_line: str, tmp_path: Path) -> None:
    (tmp_path / "a_command.py").write_text(f"import gc\nprint(gc.isenabled())\n{last_line}\n")
    code = (
        "import gc\nfrom duet.commands import main as cli\n"
        "try: cli.imported('a_command')\nexcept KeyError: pass\nprint(gc.isenabled())"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert process.stdout.split() == ["False", "True"]


def test_a_finished_folder_costs_nothing_and_its_gate_can_change(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *TINY, "--run_dir", "run"]) == 0
    first = capfd.readouterr().out
    before = {path.name: path.read_bytes() for path in Path("run").iterdir() if path.is_file()}
    assert cli.main(["fit", *TINY, "--run_dir", "run"]) == 0
    out, shown = capfd.readouterr()
    assert (out, shown) == (first, "run already contains the finished run; no calls were made\n")
    assert cli.main(["fit", *TINY, "--run_dir", "run", "--min_score", "1.5"]) == 100
    assert "min_score: expected a 95 % interval of the test score from 1.5 up but" in capfd.readouterr().err
    assert {path.name: path.read_bytes() for path in Path("run").iterdir() if path.is_file()} == before


def scored(folder: str) -> list[dict[str, Any]]:
    """The lines of candidates.jsonl, but for what the whole pool says of each."""
    lines = [json.loads(line) for line in Path(folder, "candidates.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "posterior"} for line in lines]


def test_a_finished_search_can_be_made_longer(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fit", *TINY, "--run_dir", "run"]) == 0
    first = scored("run")
    assert cli.main(["fit", *TINY, "--run_dir", "run", "--search.iterations=3"]) == 0
    assert "Going on in run" in capfd.readouterr().err
    longer = scored("run")
    texts = [row["instruction"] for row in first]  # each time those that are tied at the end get more examples
    assert ([row["instruction"] for row in longer[: len(first)]], len(longer)) == (texts, len(first) + 1)
    assert json.loads(Path("run/result.json").read_text())["iterations"] == 3


def test_a_folder_of_other_settings_is_refused(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fit", *TINY, "--run_dir", "run"]) == 0
    capfd.readouterr()
    assert cli.main(["fit", *TINY, "--run_dir", "run", "--model.depth", "1"]) == 2
    out, shown = capfd.readouterr()
    assert_one_line(
        shown, out, ("run holds a run with other settings", "model.depth was 3 and is 1", "another run_dir")
    )


def test_a_folder_of_the_former_layout_is_refused_as_such(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("run").mkdir()
    Path("run/spending.jsonl").touch()
    Path("run/config.yaml").write_text("strategy: {class_path: search.methods.duet.Duet}")
    assert cli.main(["fit", *TINY, "--run_dir", "run"]) == 2
    out, shown = capfd.readouterr()
    assert_one_line(shown, out, ("run holds a run of an earlier version of Duet", "choose another --run_dir"))
    Path("run/config.yaml").write_text("strategy: {class_path: searches.of.mine.Strategy}")
    assert cli.main(["fit", *TINY, "--run_dir", "run"]) == 2
    assert "run holds a run with other settings" in capfd.readouterr().err


def test_a_folder_in_which_nothing_was_paid_can_be_used_again(folder: Path) -> None:
    assert cli.main(["fit", *TINY, "--run_dir", "run", "--model.init_from", "gone.ckpt"]) == 2
    assert cli.main(["fit", *TINY, *OPENAI, "--run_dir", "run", "--yes"]) == 3
    assert cli.main(["fit", *TINY, "--run_dir", "run"]) == 0


def test_a_checkpoint_of_another_task_is_refused(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    checkpoint = str(folder / "one" / "checkpoints" / "last.ckpt")
    assert cli.main(["fit", *TINY, "--run_dir", "one"]) == 0
    capfd.readouterr()
    other = [*NO_MODEL, *SMALL, "--task.name=second_letter", "--run_dir=two"]
    assert cli.main(["fit", *other, "--ckpt_path", checkpoint]) == 2
    out, shown = capfd.readouterr()
    assert_one_line(shown, out, ("another task or seed than 'second_letter'", "model.init_from"))
    assert cli.main(["fit", *TINY, "--run_dir=three", "--ckpt_path", checkpoint, "--model.width=7"]) == 2
    out, shown = capfd.readouterr()
    assert_one_line(shown, out, ("ckpt_path", "width 7", "has 100"))
    assert cli.main(["fit", *TINY, "--run_dir=four", "--model.init_from", checkpoint, "--model.width=7"]) == 2
    out, shown = capfd.readouterr()
    assert_one_line(shown, out, ("hidden layers of 7", "100"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_can_not_be_written_is_named_first(number: int) -> None:
    assert cli.explain(OSError(number, "No room", "run/spending.jsonl")) == ("run/spending.jsonl: No room", 2)


@pytest.fixture
def running(folder: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts an endless search and waits until it has iterated."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore it
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "cli.py"), "fit", *TINY, "--run_dir=run", "--search.iterations=100000"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ},
        )  # fmt: skip
        started.append(process)
        deadline = time.monotonic() + 300
        while not (folder / "run" / "checkpoints" / "last.ckpt").is_file():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_an_interrupted_run_says_so(
    number: signal.Signals, code: int, word: str, running: Callable[[], subprocess.Popen[str]]
) -> None:
    process = running()
    process.send_signal(number)
    out, shown = process.communicate(timeout=120)
    assert process.returncode == code, shown
    assert shown.splitlines()[-1] == f"duet: {word}; paid answers are saved, and rerunning the command resumes"
    assert (out, "Traceback" in shown) == ("", False)


def test_the_line_of_an_error_comes_after_all_that_its_frames_still_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def late() -> Iterator[int]:
        try:
            yield 1
        finally:
            cli.log.warning("an attempt was in vain")

    def dispatch(arguments: list[str]) -> int:
        attempts = late()
        next(attempts)
        raise ValueError("Expected a cache but got none")

    monkeypatch.setattr(cli, "dispatch", dispatch)
    assert cli.main([]) == 2
    assert capsys.readouterr().err.splitlines() == ["an attempt was in vain", "duet: Expected a cache but got none"]
