"""Metric, answer and prompt settings that can't work: each ends in one line, before any call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from tests.servers.chat_server import ChatServer

ROOT = Path(__file__).parents[2]
FILES = {
    "broken.py": "def score(:\n",
    "no_such.py": "import nothing_like_this\n",
    "mine.py": (
        "def one_argument(answer): return 1.0\n"
        "def percent(answer, outputs): return 100.0 * (answer in outputs)\n"
        "def words(answer, outputs): return 'good'\n"
        "def always_zero(answer, outputs): return 0.0\n"
        "def raises(answer, outputs): raise LookupError('\\n****\\n  Resource punkt_tab not found.\\n  Use it')\n"
        "NUMBER = 3\n"
    ),
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt name": ({"metric": "exact_mach"}, "did you mean 'exact_match'?"),
    "a name that is none": ({"metric": "accuracy"}, "expected one of exact_match, "),
    "an option that is none": ({"metric": {"name": "number", "tolerence": 1}}, "expected tolerance"),
    "an option of another type": ({"metric": {"name": "number", "tolerance": "wide"}}, "expected float but got wide"),
    "an option out of range": ({"metric": {"name": "number", "tolerance": -1}}, "a tolerance of at least 0"),
    "arguments without a name": ({"metric": {"tolerance": 1}}, "expected {name: METRIC"),
    "a judge without a rubric": ({"metric": "judge"}, "rubric"),
    "a module that is not there": ({"metric": "nothing_like_this.score"}, "No module named 'nothing_like_this'"),
    "a class that is not there": ({"metric": "torchmetrics.text.Nothing"}, "Nothing"),
    "something that is no function": ({"metric": "math.pi"}, "to be a function or a class but found 3.14"),
    "a metric where lower is better": ({"metric": "torchmetrics.text.WordErrorRate"}, "higher is better"),
    "ROUGE without nltk": ({"metric": "torchmetrics.text.ROUGEScore"}, "requires that `nltk` is installed"),
    "ROUGE with several numbers": (
        {"metric": {"name": "torchmetrics.text.ROUGEScore", "rouge_keys": "rougeL"}}, "set result to rougeL_fmeasure",
    ),
    "a torchmetrics class that needs more": ({"metric": "torchmetrics.Accuracy"}, "torchmetrics.Accuracy"),
    "a file that is not there": ({"metric": "nowhere.py:score"}, "expected a file nowhere.py in"),
    "a function that is not in the file": ({"metric": "mine.py:scores"}, "expected 'scores' in"),
    "a file that is no Python": ({"metric": "broken.py:score"}, "SyntaxError: invalid syntax"),
    "a file that lacks a library": ({"metric": "no_such.py:score"}, "No module named 'nothing_like_this'"),
    "a function of one argument": ({"metric": "mine.py:one_argument"}, "to take an answer and the accepted outputs"),
    "a function in percent": ({"metric": "mine.py:percent"}, "a score in [0, 1] from mine.py:percent but found 100"),
    "a function that gives a text": ({"metric": "mine.py:words"}, "expected one number"),
    "a function that lacks data": ({"metric": "mine.py:raises"}, "LookupError: Resource punkt_tab not found."),
    "a function that can only give zero": ({"metric": "mine.py:always_zero"}, "every one of 8 scores 0"),
    "a number in a file": ({"metric": "mine.py:NUMBER"}, "to be a function or a class but found 3"),
    "outputs that are no JSON": ({"metric": "json"}, "every one of 8 scores 0, such as 'out"),
    "outputs that are no patterns": ({"metric": "regex", "output_column": "broken"}, "to be a regular expression"),
    "an extraction that is none": ({"answer": {"extract": "first_word"}}, "expected last_line, fenced_block"),
    "a pattern that is none": ({"answer": {"extract": {"regex": "("}}}, "a regular expression but found '('"),
    "a prompt without an instruction": ({"prompt": {"template": "{input}"}}, "{instruction} in task.prompt"),
    "a prompt without an input": ({"prompt": {"template": "{instruction} {text}"}}, "expected {input} in it"),
    "a role that is none": ({"prompt": {"messages": [{"role": "boss", "content": "{instruction}{input}"}]}}, "role"),
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """Loopback; it stops with the test."""
    with ChatServer() as running:
        yield running


@pytest.mark.parametrize("name", WRONG)
def test_a_setting_that_can_not_work_ends_in_one_line_and_nothing_is_paid(
    name: str, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for file, content in FILES.items():
        Path(file).write_text(content)
    rows = [json.dumps({"input": f"in {n}", "output": f"out {n}", "broken": f"({n}"}) for n in range(8)]
    Path("train.jsonl").write_text("\n".join(rows))
    setting, words = WRONG[name]
    black_box = {
        "class_path": "duet.models.openai_black_box.OpenAIBlackBox",
        "init_args": {"model": "m", "base_url": server.url},
    }
    task = {"name": "t", "train_file": "train.jsonl", **setting}
    Path("task.yaml").write_text(json.dumps({"task": task, "black_box": black_box}))
    configs = ["--config", "task.yaml", "--config", str(ROOT / "configs" / "models" / "no_white_box.yaml")]
    assert cli.main(["fit", *configs]) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert len(said.splitlines()) == 1
    assert len(said) < 600
    assert server.seen == []
    assert not Path("runs").exists()
