"""No secret is written, no file that is read runs code, and model output is data."""

from __future__ import annotations

import base64
import json
import os
import pickle
import sqlite3
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch

from duet.commands import main as cli
from tests.servers.chat_server import ChatServer, Faults, error

ROOT = Path(__file__).parents[2]
KEY = "sk-canary-5EcrEt0123456789"
BOX = "duet.models.openai_black_box.OpenAIBlackBox"
SMALL = [
    "--task.name=t", "--task.train_file=train.jsonl", "--white_box=duet.models.fakes.HashingWhiteBox",
    "--search.iterations=2",
    "--search.initialisation.mode=request", "--search.initialisation.count=4", "--search.allocation.examples=3",
    "--search.threshold=1.1", "--strategy.init_args.candidates=6", "--strategy.init_args.choose=1", "--model.steps=6",
]  # fmt: skip
HASHING = [*SMALL, "--black_box=duet.models.fakes.HashingBlackBox", "--search.initialisation.mode=sample"]

# What is run in a process of its own, so that everything that it writes can be read: commands, one list per line.
PROGRAM = """
import json, sys
from pathlib import Path
from duet.commands import main as cli
codes = [cli.main(arguments) for arguments in json.loads(sys.argv[1])]
Path("title").write_bytes(Path("/proc/self/cmdline").read_bytes() + Path("/proc/self/comm").read_bytes())
print("codes", codes)
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    rows = [json.dumps({"input": f"w{i}{chr(97 + i % 26)}", "output": chr(97 + i % 26)}) for i in range(30)]
    (tmp_path / "train.jsonl").write_text("\n".join(rows))


def answer(prompt: str) -> str:
    if "distinct instructions" in prompt:
        return "\n".join(f"{i}. The instruction was to write letter {i} of the word" for i in range(4))
    return prompt.removesuffix("\nOutput:")[-1]


def remote(server: ChatServer, folder: str) -> list[str]:
    """A run that pays."""
    options = {"model": "m", "base_url": server.url, "pause": 0.01, "timeout": 2.0, "patience": 60.0}
    prices = ["--black_box.init_args.prices.prompt=1", "--black_box.init_args.prices.completion=2"]
    return [
        *SMALL, f"--run_dir={folder}", f"--black_box={BOX}", *prices, "--search.budget.max_calls=500",
        *(f"--black_box.init_args.{name}={value}" for name, value in options.items()),
    ]  # fmt: skip


def one_line_of(capfd: pytest.CaptureFixture[str]) -> str:
    """What a command that failed said at its end; nothing that it said may move the cursor, and nothing is a trace."""
    said = capfd.readouterr().err
    assert "\x1b" not in said
    assert "Traceback" not in said
    last = said.splitlines()[-1]
    assert last.startswith("duet: ")
    return last


# No secret in any file, line, event or title


def quoting(body: Any) -> tuple[int, Any]:
    return 401, error(f"Incorrect API key provided: {KEY}")


def test_the_key_is_sent_and_written_nowhere(tmp_path: Path) -> None:
    storm = Faults(0.3, ("429", "500", "reset in the body", "malformed JSON"), seed=1)
    with ChatServer(answer, storm) as server, ChatServer(reply=quoting) as refusing:
        run, refused = remote(server, "run"), remote(refusing, "refused")
        gone = [*remote(server, "gone"), "--black_box.init_args.base_url=http://127.0.0.1:1/v1"]
        commands = [
            ["fit", *run, "--dry_run"], ["doctor", *run, "--ask"], ["fit", *run], ["fit", *refused, "--debug"],
            ["fit", *gone, "--debug", "--black_box.init_args.patience=0.2"], ["cache", "stats"], ["cache", "clear"],
            ["report", "run", "--output", "out"], ["fit", *run, "--search.iterations=x", "--debug"],
        ]  # fmt: skip
        places = {name: str(tmp_path) for name in ("HOME", "TMPDIR")} | {"PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, json.dumps(commands)],
            env=os.environ | places, capture_output=True, check=False, timeout=300,
        )  # fmt: skip
        assert {headers["authorization"] for headers in server.headers + refusing.headers} == {f"Bearer {KEY}"}
    codes = ended.stdout.splitlines()[-1]
    assert codes == b"codes [0, 0, 0, 3, 3, 0, 2, 0, 2]", ended.stderr.decode()
    assert b"Traceback" in ended.stderr
    assert b"Incorrect API key provided: ***" in ended.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    kinds = {path.suffix for path in files} | {path.name.split(".")[0] for path in files}
    assert kinds >= {"events", ".sqlite", ".ckpt", ".html", ".yaml", ".jsonl", ".json", ".txt", "title"}
    for path in files:
        assert_no_secret(path.read_bytes(), path)
    assert_no_secret(ended.stdout + ended.stderr, "terminal")


def assert_no_secret(content: bytes, place: object) -> None:
    """Neither as it is, nor in base 64 (at any offset), nor in two bytes a letter."""
    encoded = [base64.b64encode(b"x" * skipped + KEY.encode())[4:-4] for skipped in range(3)]
    for form in (KEY.encode(), KEY.encode("utf-16-le"), *encoded):
        assert form not in content, place


def test_a_key_that_can_not_be_one_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}é")
    with ChatServer(answer) as server:
        assert cli.main(["fit", *remote(server, "run"), "--debug"]) == 3
    said = capfd.readouterr()
    assert "OPENAI_API_KEY contains characters that no API key can have" in said.err
    assert KEY not in said.err + said.out


def test_a_key_where_its_variable_belongs_is_not_repeated(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with ChatServer(answer) as server:
        wrong = f"--black_box.init_args.key_variable={KEY}"
        codes = [cli.main([command, *remote(server, "run"), wrong]) for command in ("fit", "doctor")]
    said = capfd.readouterr()
    assert codes == [2, 2]
    assert "Expected key_variable to name an environment variable" in said.err
    assert KEY not in said.err + said.out
    assert not (tmp_path / "run").exists()


# No file that is read runs code


class Evil:
    """Unpickling it makes the file ``ran``."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch ran",)


def zipped(path: Path) -> None:
    torch.save({"state_dict": Evil(), "callbacks": {"InstructionSearch": Evil()}, "hyper_parameters": {}}, path)


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps(Evil()))


def of_no_torch(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Evil()))


def of_odd_values(path: Path) -> None:
    torch.save({"state_dict": [1], "callbacks": {"InstructionSearch": 5}, "hyper_parameters": []}, path)


def of_no_keys(path: Path) -> None:
    torch.save(["InstructionSearch"], path)


CHECKPOINTS = [zipped, pickled, of_no_torch, of_odd_values, of_no_keys]


@pytest.mark.parametrize("make", CHECKPOINTS)
@pytest.mark.parametrize("way", ["ckpt_path", "model.init_from", "last.ckpt"])
def test_a_hostile_checkpoint_runs_nothing(
    make: Callable[[Path], None], way: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ("run/checkpoints/last.ckpt" if way == "last.ckpt" else "evil.ckpt")
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    option = [] if way == "last.ckpt" else [f"--{way}={path}"]
    assert cli.main(["fit", *HASHING, "--run_dir=run", *option]) == 2
    assert path.name in one_line_of(capfd)
    assert not (tmp_path / "ran").exists()


YAML_CODE = "!!python/object/apply:os.system ['touch ran']"
CONFIGS = {
    "a value": f"task: {{name: {YAML_CODE}}}\n",
    "a key": f"? {YAML_CODE}\n: 1\n",
    "a new object": "task: !!python/object/new:os.system ['touch ran']\n",
    "a module": "task: !!python/module:os\n",
    "a class that is none": "black_box: {class_path: os.system, init_args: {command: touch ran}}\n",
    "a call in a path": "black_box: __import__('os').system('touch ran')\n",
    "an escape": 'task: {name: t, train_file: "\\e[2Jno.jsonl"}\n',
}


@pytest.mark.parametrize("config", CONFIGS)
def test_a_hostile_config_runs_nothing(config: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evil.yaml").write_text(CONFIGS[config])
    assert cli.main(["fit", *HASHING[2:], "--config=evil.yaml", "--run_dir=run"]) == 2
    one_line_of(capfd)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [f"task: {YAML_CODE}\n", "- 1\n", "\x00", "{"])
def test_hostile_settings_in_a_run_folder_run_nothing(
    content: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "spending.jsonl").touch()
    (tmp_path / "run" / "config.yaml").write_text(content)
    assert cli.main(["fit", *HASHING, "--run_dir=run"]) == 2
    assert "config.yaml: expected the settings of a run" in one_line_of(capfd)
    assert not (tmp_path / "ran").exists()


TASKS = {
    "code.jsonl": YAML_CODE,
    "code.csv": f"input,output\n{YAML_CODE}",
    "list.jsonl": "[1, 2]",
    "objects.jsonl": '{"input": {"a": 1}, "output": [["b"]]}',
    "deep.jsonl": "[" * 100_000,
    "halves.jsonl": '{"input": "\\ud800", "output": "a"}',
    "cells.csv": 'input,output\na,"[[1]]"\n',
    "escape.jsonl": '{"\x1b[2J": 1}',
    "pickle.jsonl": "\x80\x04cos\nsystem\n(S'touch ran'\ntR.",
}


@pytest.mark.parametrize("name", TASKS)
def test_a_hostile_task_file_runs_nothing(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_text(TASKS[name])
    assert cli.main(["fit", *HASHING, f"--task.train_file={name}", "--run_dir=run"]) == 2
    assert name in one_line_of(capfd)
    assert not (tmp_path / "ran").exists()


STORED = {
    "a blob": "x'80049500'",
    "a number": "5",
    "another form": "'[1]'",
    "odd fields": '\'{"text": 1, "prompt_tokens": "a", "completion_tokens": null}\'',
    "a negative count": '\'{"text": "a", "prompt_tokens": -9, "completion_tokens": 1}\'',
    "deep brackets": "'" + "[" * 100_000 + "'",
}


@pytest.mark.parametrize("value", STORED)
def test_a_cache_of_odd_values_is_no_answer(value: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fit", *HASHING, "--run_dir=one", "--search.cache=calls.sqlite"]) == 0
    connection = sqlite3.connect("calls.sqlite")
    connection.execute(f"UPDATE completions SET value = {STORED[value]}, created = 'x', identity = 7")
    connection.commit()
    connection.close()
    assert cli.main(["fit", *HASHING, "--run_dir=two", "--search.cache=calls.sqlite"]) == 2
    assert "Expected an answer in the call cache" in one_line_of(capfd)
    assert cli.main(["cache", "stats", "--path", "calls.sqlite"]) == 0


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Evil()),
        "CREATE TABLE completions (a)",
        "CREATE VIEW completions AS SELECT 1 AS key, 2 AS value, 3 AS created, 4 AS identity",
        "CREATE VIEW completions AS SELECT 1 AS a",
    ],
)
def test_another_file_as_a_cache_is_refused(
    content: bytes | str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "calls.sqlite"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        connection = sqlite3.connect(path)
        connection.execute(content)
        connection.close()
    assert cli.main(["fit", *HASHING, "--run_dir=run", f"--search.cache={path}"]) == 2
    assert "calls.sqlite" in one_line_of(capfd)
    assert not (tmp_path / "ran").exists()


# Model output is data

ODDITIES = {
    "markup": "Write <img src=x onerror=alert(1)></script><script>alert(1)</script> it & more",
    "escapes": "Write \x1b[31mred\x1b[2J\x1b]0;title\x07 and \x9b31m now",
    "format fields": "Write {instruction} {0.__class__} {input} {count} %s %(x)d ${HOME} it",
    "YAML": "Write !!python/object/apply:os.system ['touch ran'] & *a | it",
    "NUL": "Write \x00 it \x00 now",
    "lone surrogates": "Write \ud800 it \udfff now",
    "other line ends": "Write\u2028it\x85now\x0bthen\x1cand\rback",
    "quotes": '"' * 3000 + "Write it now" + '"' * 3000,
    "prefixes": "The instruction was to " * 2000 + "write it",
}


def odd_answer(prompt: str) -> str:
    """The oddities as instructions, one of them 1 MB long, and as answers; 1 MB long where the markup instructs."""
    if "distinct instructions" in prompt:
        found = [each for name, each in ODDITIES.items() if name != "other line ends"]
        return "\n".join([*(f"{i}. The instruction was to {each}" for i, each in enumerate(found)), "long " * 200_000])
    if prompt.startswith(f"Instruction: {ODDITIES['markup']}."):
        return "<b>long</b>\x1b[1m" * 66_000
    return list(ODDITIES.values())[zlib.crc32(prompt.encode(errors="replace")) % len(ODDITIES)]


class Tags(HTMLParser):
    """Notes what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_what_a_model_writes_breaks_neither_prompts_nor_terminal_nor_files(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(odd_answer) as server:
        arguments = [*remote(server, "run"), "--search.initialisation.count=12", "--black_box.init_args.timeout=60"]
        assert cli.main(["fit", *arguments]) == 0
        prompts = [body["messages"][-1]["content"] for body in server.seen]
    said = capfd.readouterr()
    assert_terminal_is_safe(said.out + said.err)
    rows = [json.loads(line) for line in Path("run/candidates.jsonl").read_bytes().splitlines()]
    texts = [row["instruction"] for row in rows]
    assert f"{ODDITIES['format fields']}." in texts
    assert f"{ODDITIES['markup']}." in texts
    assert not any(each in text for text in texts for each in "\x00\x1b\x9b\x07\ud800")
    assert max(map(len, texts)) <= 400
    assert any(len(output) > 900_000 for row in rows for output in row["outputs"])
    assert any(prompt.startswith(f"Instruction: {ODDITIES['format fields']}.\n\nInput: w") for prompt in prompts)
    assert {json.loads(line)["split"] for line in Path("run/examples.jsonl").read_bytes().splitlines()} == {
        "validation", "test",
    }  # fmt: skip
    assert json.loads(Path("run/result.json").read_text())["best_instruction"] in texts
    tags = Tags()
    tags.feed(Path("run/report.html").read_text(encoding="utf-8"))
    assert not any(name.startswith("on") for _, attributes in tags.seen for name in attributes)
    assert not any(attributes.get("src") == "x" for _, attributes in tags.seen)
    assert "<script>alert(1)" not in Path("run/report.html").read_text(encoding="utf-8")
    assert not (tmp_path / "ran").exists()


def assert_terminal_is_safe(said: str) -> None:
    assert not [letter for letter in said if not letter.isprintable() and letter != "\n"]


REPLIES = {
    "brackets": "[" * 2**20,
    "closed brackets": "[" * 2**19 + "]" * 2**19,
    "quotes": '"' * 2**20,
    "apostrophes": "1. '" + "' '" * 300_000,
    "tags": "<prompt>" * 100_000,
    "stars": "*" * 2**20,
    "line ends": "\n" * 2**20,
    "blanks": " " * 2**20,
    "one word": "a" * 2**20,
}


@pytest.mark.parametrize("reply", REPLIES)
def test_a_huge_reply_is_read_and_holds_no_instruction(reply: str, capfd: pytest.CaptureFixture[str]) -> None:
    with ChatServer(lambda prompt: REPLIES[reply]) as server:
        assert cli.main(["fit", *remote(server, "run"), "--search.initialisation.max_rounds=1"]) == 3
    assert "The black box wrote no usable instruction" in one_line_of(capfd)
