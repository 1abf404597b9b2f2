"""A task that a model judges, from the command line to result.json: counted, capped, cached, priced, paid once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from tests.servers.chat_server import ChatServer

PROMPT, COMPLETION = 7, 3  # tokens that the server counts
PRICES = {"task": 2.0, "judge": 100.0}  # US dollars per million tokens


@pytest.fixture
def servers() -> Iterator[dict[str, ChatServer]]:
    """One that does the task, and one that writes instructions and judges."""
    with (
        ChatServer(answer=lambda prompt: "A polite reply." if "polite" in prompt else "No.") as task,
        ChatServer(answer=written_or_judged) as judge,
    ):
        yield {"task": task, "judge": judge}


def written_or_judged(prompt: str) -> str:
    if "<answer>" in prompt:
        return f"I see. Score: {9 if 'A polite reply.' in prompt else 2}"
    return "\n".join(f"The instruction was to {text}." for text in ("be polite to them", "reply", "sign the reply"))


def settings(servers: dict[str, ChatServer], folder: Path) -> list[str]:
    def model(name: str) -> dict[str, Any]:
        prices = {"prompt": PRICES[name], "completion": PRICES[name]}
        init_args = {"model": "m", "base_url": servers[name].url, "prices": prices}
        return {"class_path": "duet.models.openai_black_box.OpenAIBlackBox", "init_args": init_args}

    examples = [{"input": f"Where is parcel {number}?", "output": "On its way."} for number in range(24)]
    metric = {"name": "judge", "rubric": "Polite."}
    content = {
        "task": {"name": "replies", "examples": examples, "metric": metric}, "black_box": model("task"),
        "proposer": model("judge"),
        "search": {"iterations": 1, "initialisation": {"count": 3, "mode": "request", "max_rounds": 1}},
        "strategy": {"class_path": "duet.strategies.ape.Ape"},
    }  # fmt: skip
    (folder / "task.yaml").write_text(json.dumps(content))
    return ["fit", "--config", str(folder / "task.yaml"), "--run_dir", str(folder / "run")]


def judgements(servers: dict[str, ChatServer]) -> int:
    return sum("<answer>" in body["messages"][-1]["content"] for body in servers["judge"].seen)


def paid(servers: dict[str, ChatServer]) -> float:
    """US dollars for all that the servers answered."""
    tokens = {name: len(server.seen) * (PROMPT + COMPLETION) for name, server in servers.items()}
    return sum(PRICES[name] * number / 10**6 for name, number in tokens.items())


def test_judgements_are_counted_capped_cached_and_priced_and_never_paid_again(
    servers: dict[str, ChatServer], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = settings(servers, tmp_path)
    assert cli.main([*arguments, "--dry_run"]) == 0
    assert "  judgements: " in capfd.readouterr().out
    cap = 4.0
    assert cli.main([*arguments, f"--search.budget.max_cost_usd={cap}"]) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    requests = {name: len(server.seen) for name, server in servers.items()}
    assert result["calls"] == sum(requests.values())
    assert result["cost_usd"] == pytest.approx(paid(servers))
    assert 0 < paid(servers) <= cap
    assert judgements(servers) > 24
    assert result["best_instruction"] == "Be polite to them."
    assert (result["test_score"], result["initial_best_test_score"]) == (0.9, 0.9)
    assert result["baselines"] == {}
    again = ["--search.iterations=2", f"--search.budget.max_cost_usd={cap}"]  # resumed, with an iteration more
    assert cli.main([*arguments, *again]) == 0
    texts = [json.dumps(body) for body in servers["judge"].seen]
    assert len(texts) == len(set(texts))
    longer = json.loads((tmp_path / "run" / "result.json").read_text())
    assert longer["cost_usd"] == pytest.approx(paid(servers))


def test_a_judge_has_no_room_beyond_the_cap(servers: dict[str, ChatServer], tmp_path: Path) -> None:
    assert cli.main([*settings(servers, tmp_path), "--search.budget.max_calls=60"]) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["test_score"] is not None
    assert sum(len(server.seen) for server in servers.values()) == result["calls"] <= 60
