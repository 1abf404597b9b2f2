"""A person with OpenAI's protocol, a CSV and three instructions of their own."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from duet.commands import main as cli
from tests.servers.chat_server import ChatServer

LABELS = ("billing", "account", "shipping")
OWN = ("Sort the ticket.", "Which team answers?", "Name the label of the ticket: billing, account or shipping.")
MOST_SECONDS = 30


def answer(prompt: str) -> str:
    """Writes instructions, or names the label, if the instruction names all labels or by chance."""
    if listed := re.search(r"(\d+) distinct", prompt):
        numbers = range(1, int(listed[1]) + 1)
        return "\n".join(f"{n}. The instruction was to answer for team {len(prompt) % 97} and {n}." for n in numbers)
    told = "billing, account or shipping" in prompt
    number = int(prompt.rpartition("number ")[2].split()[0])
    return LABELS[number % 3] if told or number % 4 == 0 else "I can't say."


def test_a_csv_and_three_instructions_give_a_tested_prompt_in_three_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"Ticket number {number} of today;{LABELS[number % 3]}\n" for number in range(60))
    Path("tickets.csv").write_text(f"Text;Team\n{rows}")
    Path("mine.txt").write_text("\n".join(OWN))
    with ChatServer(answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        settings = [
            "--config=models/openai", "--task.name=tickets", "--task.metric=label",
            "--task.train_file=tickets.csv", "--task.input_column=text", "--task.output_column=team",
            "--search.initialisation.instructions=mine.txt", "--search.budget.max_calls=400", "--run_dir=run",
        ]  # fmt: skip
        assert cli.main(["doctor", *settings]) == 0
        began = time.process_time()
        assert cli.main(["fit", *settings]) == 0
        own_time = time.process_time() - began  # of all threads, the server's among them
        assert cli.main(["export", "run", "--format", "messages"]) == 0
        assert len(server.seen) <= 400
    out, err = capfd.readouterr()
    assert "No white box is named: the proposer writes the candidates" in err
    result = json.loads(Path("run/result.json").read_text())
    assert result["best_instruction"] == OWN[2]
    assert result["test_score"] == 1
    assert {each["instruction"] for each in result["own_instructions"]} == set(OWN)
    assert own_time < MOST_SECONDS
    assert OWN[2] in out
