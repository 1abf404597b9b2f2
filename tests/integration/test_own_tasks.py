"""Eight tasks as people bring them, against an endpoint that answers as chat models do.

Each has a scorer of its own here, written another way and without Duet, that computes from examples.jsonl what the run
should have shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from tests.servers.chat_habits import ChatHabits
from tests.servers.chat_server import ChatServer

ROOT = Path(__file__).parents[2]
SMALL = [
    "--search.iterations=1", "--search.allocation.examples=5", "--search.initialisation.count=4",
    "--strategy.init_args.candidates=6", "--strategy.init_args.choose=1", "--model.steps=6",
    "--search.threshold=1.1", "--search.cache=run",
]  # fmt: skip
Score = Callable[[str, list[str]], float]


@dataclass(frozen=True)
class OwnTask:
    """A task, how it is scored, and how a person would score it by hand."""

    rows: list[tuple[str, str]]
    settings: dict[str, Any]
    by_hand: Score
    lead: str = ""
    words: dict[str, Any] = field(default_factory=dict)


def last_label(labels: list[str]) -> Score:
    def score(answer: str, expected: list[str]) -> float:
        named = [word for word in re.findall(r"[a-z]+", answer.lower()) if word in labels]
        return float(named[-1:] == expected)

    return score


def same_json(answer: str, expected: list[str]) -> float:
    lines = answer.strip().split("\n")
    fences = [number for number, line in enumerate(lines) if line.startswith("```")]
    inside = "\n".join(lines[fences[-2] + 1 : fences[-1]] if len(fences) > 1 else lines)
    try:
        return float(json.loads(inside) == json.loads(expected[0]))
    except ValueError:
        return 0.0


def longest_common(answer: str, expected: list[str]) -> float:
    first, second = (re.split(r"\W+", text.lower().strip(".\n *`!'")) for text in (answer, expected[0]))
    first, second = [word for word in first if word], [word for word in second if word]
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, left in enumerate(first):
        for j, right in enumerate(second):
            table[i + 1][j + 1] = table[i][j] + 1 if left == right else max(table[i][j + 1], table[i + 1][j])
    shared = table[-1][-1]
    precision, recall = shared / len(first), shared / len(second)
    return 2 * precision * recall / (precision + recall) if shared else 0.0


def last_number(answer: str, expected: list[str]) -> float:
    numbers = re.findall(r"-?\d[\d,]*\.?\d*", answer)
    return float(bool(numbers) and float(numbers[-1].replace(",", "")) == float(expected[0].replace(",", "")))


def address(answer: str, expected: list[str]) -> float:
    found = [word.strip(".?!,*`<>") for word in answer.split() if "@" in word]
    return float(found[-1:] == expected)


def code(answer: str, expected: list[str]) -> float:
    parts = answer.split("```")
    inside = parts[-2].partition("\n")[2] if len(parts) > 2 else answer
    return float(inside.strip() == expected[0])


def labels_after(answer: str, expected: list[str]) -> float:
    if "Labels:" not in answer:
        return 0.0
    rest = answer[answer.rindex("Labels:") + len("Labels:") :]
    found = {part.strip(" .*`\n") for line in rest.split("\n") for part in line.split(",")} - {""}
    return float(found == {part.strip() for part in expected[0].split(",")})


def rows(inputs: list[str], answers: list[str]) -> list[tuple[str, str]]:
    return [(f"{text} (case {place})", answers[place % len(answers)]) for place, text in enumerate(inputs)]


TICKETS = ["My bill is wrong", "I can't log in", "Where is my parcel", "Charge me less", "Lost my password"] * 5
REVIEWS = ["Loved it", "Awful", "It is a chair", "Great sound", "Broke at once"] * 5
NUMBERS = [(17 * place % 90 + 10, 23 * place % 70 + 5) for place in range(25)]
SUMS = [(f"What is {a} times {b}?", f"{a * b:,}") for a, b in NUMBERS]
PEOPLE = [(f"Person {place}", place * 7 % 60 + 18) for place in range(25)]
MAILS = [f"ann{place}.lee@{host}" for place in range(9) for host in ("x.com", "x.org", "mail.x.co.uk")][:25]
TASKS = {
    "routing": OwnTask(
        rows(TICKETS, ["billing", "account", "shipping", "billing", "account"]), {"metric": "label"},
        last_label(["billing", "account", "shipping"]),
    ),
    "text to JSON": OwnTask(
        [(f"{name} is {age}.", json.dumps({"name": name, "age": age}, indent=2)) for name, age in PEOPLE],
        {"metric": "json"}, same_json,
    ),
    "sentiment with neutral": OwnTask(
        rows(REVIEWS, ["positive", "negative", "neutral", "positive", "negative"]),
        {"metric": "label", "answer": {"extract": "after_think"}},
        lambda answer, expected: (
            last_label(["positive", "negative", "neutral"])(answer.split("</think>")[-1], expected)
        ),
    ),
    "ROUGE-L summary": OwnTask(
        [(f"Long text {place}", f"Team {place} won the cup in {1990 + place} after a long and close game")
         for place in range(25)],
        {"metric": "rouge_l"}, longest_common,
    ),
    "arithmetic with verbose answers": OwnTask(SUMS, {"metric": "number"}, last_number),
    "extraction of an e-mail": OwnTask(
        [(f"Write to {mail}, she said.", mail) for mail in MAILS],
        {"metric": "exact_match", "answer": {"extract": {"regex": r"[\w.+-]+@\w+(?:\.\w+)+"}}}, address,
    ),
    "multi-line code": OwnTask(
        [(f"Add {place}", f"def add(x):\n    y = x + {place}\n    return y") for place in range(25)],
        {"metric": "exact_match", "answer": {"extract": "fenced_block"}}, code,
    ),
    "multi-label": OwnTask(
        rows(TICKETS, ["billing, late", "account", "late, lost", "billing", "account, lost"]),
        {"metric": "exact_set", "answer": {"extract": {"after": "Labels:"}}}, labels_after, lead="Labels: ",
    ),
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """Loopback; it stops with the test."""
    with ChatServer() as running:
        yield running


def run(task: OwnTask, server: ChatServer, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Result and test examples of a search on the task."""
    server.answer = ChatHabits(task.rows, task.lead)
    for name, part in (("train", task.rows[:15]), ("test", task.rows[15:])):
        lines = [json.dumps({"input": text, "output": answer}) for text, answer in part]
        (folder / f"{name}.jsonl").write_text("\n".join(lines))
    files = {"train_file": str(folder / "train.jsonl"), "test_file": str(folder / "test.jsonl")}
    settings = {
        "task": {"name": "own", **files, **task.settings},
        "black_box": {
            "class_path": "duet.models.openai_black_box.OpenAIBlackBox",
            "init_args": {"model": "m", "base_url": server.url},
        },
    }
    (folder / "task.yaml").write_text(json.dumps(settings))  # JSON is YAML
    configs = [str(folder / "task.yaml"), str(ROOT / "configs" / "models" / "no_white_box.yaml")]
    arguments = [part for path in configs for part in ("--config", path)]
    assert cli.main(["fit", *arguments, *SMALL, "--run_dir", str(folder / "run")]) == 0
    lines = (folder / "run" / "examples.jsonl").read_text().splitlines()
    result = json.loads((folder / "run" / "result.json").read_text())
    return result, [example for line in lines if (example := json.loads(line))["split"] == "test"]


@pytest.mark.parametrize("name", TASKS)
def test_the_score_that_is_shown_is_the_one_that_a_person_computes_from_the_answers(
    name: str, server: ChatServer, tmp_path: Path
) -> None:
    task = TASKS[name]
    result, examples = run(task, server, tmp_path)
    scores = [task.by_hand(example["best_output"], example["expected"]) for example in examples]
    assert [example["best_score"] for example in examples] == pytest.approx(scores)
    assert result["test_score"] == pytest.approx(sum(scores) / len(scores))
    first = [task.by_hand(example["initial_output"], example["expected"]) for example in examples]
    assert result["initial_best_test_score"] == pytest.approx(sum(first) / len(first))
    assert len(set(scores)) > 1  # right and wrong ones, or the test shows nothing
    assert len({example["best_output"] for example in examples}) > 5
