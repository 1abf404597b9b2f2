"""The fault campaign: a black box over real HTTP that misbehaves by a seed, under a whole search."""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from tests.servers.chat_server import FAULTS, ChatServer, Faults

INITIAL, ITERATIONS, EXAMPLES = 12, 3, 8
CALM = Faults(0.0)
STORM = Faults(0.3, seed=5)  # every fault occurs while the first instructions are scored


@dataclass(frozen=True)
class FailsAfter(Faults):
    """All is well for some answers of a server, then nothing is."""

    server: ChatServer | None = None
    answers: int = 25
    fault: str = "503"

    def draw(self, prompt: str, attempt: int) -> str | None:
        return self.fault if self.server and self.server.paid.total() >= self.answers else None


def answer(prompt: str) -> str:
    """The instructions, and the last letter of a word as often as an instruction's hash allows."""
    if "distinct instructions" in prompt:
        return "\n".join(f"{i}. The instruction was to write letter {i} of the word" for i in range(INITIAL))
    instruction, _, rest = prompt.removeprefix("Instruction: ").partition("\n\nInput: ")
    word = rest.removesuffix("\nOutput:")
    return word[-1] if zlib.crc32(f"{instruction}|{word}".encode()) % 3 else word[0]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    rows = [json.dumps({"input": f"w{i}{chr(97 + i % 26)}", "output": chr(97 + i % 26)}) for i in range(60)]
    (tmp_path / "train.jsonl").write_text("\n".join(rows))


def fit(server: ChatServer, folder: str, **options: Any) -> int:
    """A whole search through the command line; impatient, as the server is near."""
    box = {"model": "m", "base_url": server.url, "pause": 0.01, "timeout": 20.0, "patience": 120.0} | options
    arguments = [
        "fit", "--task.name=t", "--task.train_file=train.jsonl", f"--run_dir={folder}", "--search.cache=run",
        "--white_box=duet.models.fakes.HashingWhiteBox", "--black_box=duet.models.openai_black_box.OpenAIBlackBox",
        *(f"--black_box.init_args.{name}={value}" for name, value in box.items()),
        "--search.initialisation.mode=request", f"--search.initialisation.count={INITIAL}",
        f"--search.allocation.examples={EXAMPLES}", "--search.allocation.kind=fixed",
        f"--search.iterations={ITERATIONS}", "--search.threshold=1.1",
        "--strategy.init_args.candidates=8", "--strategy.init_args.choose=1", "--model.steps=6",
    ]  # fmt: skip
    return cli.main(arguments)


def left_behind(folder: str) -> dict[str, Any]:
    """Pool, scores, instruction, and what was counted; all but time."""
    result = json.loads(Path(folder, "result.json").read_text())
    del result["seconds"]
    return {"candidates": Path(folder, "candidates.jsonl").read_text(), "result": result}


def stored(folder: str) -> int:
    with sqlite3.connect(Path(folder, "calls.sqlite")) as connection:
        count: int = connection.execute("SELECT count(*) FROM completions").fetchone()[0]
    connection.close()
    return count


def test_a_third_of_faults_changes_nothing_and_no_answer_is_lost_or_paid_twice() -> None:
    with ChatServer(answer) as server:
        assert fit(server, "calm") == 0
        calm, paid = left_behind("calm"), dict(server.paid)
        server.paid.clear()
        server.faults = STORM
        assert fit(server, "storm", timeout=2.0) == 0
    assert left_behind("storm") == calm
    assert dict(server.paid) == paid
    assert set(paid.values()) == {1}
    assert stored("storm") == len(paid)
    assert set(server.faulty) == set(FAULTS)


def test_a_server_that_fails_stops_the_run_which_goes_on_later(capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(answer) as server:
        assert fit(server, "calm") == 0
        calm, paid = left_behind("calm"), dict(server.paid)
        server.paid.clear()
        server.faults = FailsAfter(server=server)
        assert fit(server, "broken", patience=0.5) == 3
        assert "No answer arrived for" in capsys.readouterr().err.splitlines()[-1]
        assert stored("broken") == server.paid.total()
        server.faults = CALM
        assert fit(server, "broken", patience=0.5) == 0
    assert left_behind("broken") == calm
    assert dict(server.paid) == paid


def test_a_key_that_is_revoked_on_the_way_stops_the_run_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(answer) as server:
        server.faults = FailsAfter(server=server, fault="401")
        assert fit(server, "revoked") == 3
        assert capsys.readouterr().err.splitlines()[-1].endswith("refuses: 401 not now")
        assert stored("revoked") == server.paid.total()
        server.faults = CALM
        assert fit(server, "revoked") == 0
    assert set(server.paid.values()) == {1}
