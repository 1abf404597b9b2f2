"""What a former task says decides which of the first instructions are paid for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, eye

from duet.engine.search import Search
from duet.evaluation.allocation import Allocation
from duet.features import FeatureExtractor
from duet.models.base import Request
from duet.models.fakes import ScriptedBlackBox
from duet.models.ngram_encoder import NGramEncoder
from duet.proposals.initialisation import Initialisation
from duet.strategies.duet import Duet
from duet.strategies.shares import Shares
from duet.tasks.task import Task

WORDS = ("first", "second", "third", "fourth", "fifth", "sixth")


class Likes:
    """Expects most of instructions that read like a text."""

    def __init__(self, text: str) -> None:
        self.liked = NGramEncoder().encode([text]).states[0]

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        return features @ self.liked, eye(len(features))


@pytest.fixture
def search(tmp_path: Path) -> Any:
    rows = [json.dumps({"input": f"a{i} b{i}", "output": f"b{i}"}) for i in range(30)]
    (tmp_path / "train.jsonl").write_text("\n".join(rows))

    def answer(request: Request) -> str:
        lines = [f"{n}. The instruction was to write the {word} word." for n, word in enumerate(WORDS, 1)]
        return "\n".join(lines) if "distinct instructions" in request.prompt else "b1"

    def make(**options: Any) -> tuple[Search, ScriptedBlackBox]:
        box = ScriptedBlackBox(answer)
        found = Search(
            Task("t", str(tmp_path / "train.jsonl")), box, Duet(candidates=4, choose=1, shares=Shares(0, 0, 0, 1, 1)),
            NGramEncoder(), initialisation=Initialisation(count=2, max_rounds=1, **options),
            extractor=FeatureExtractor(outputs="none"), allocation=Allocation("fixed", examples=3),
        )  # fmt: skip
        found.open(tmp_path / "run")
        return found, box

    return make


def texts(search: Search) -> list[str]:
    return [row.text for row in search.pool]


def test_it_chooses_among_more_than_are_scored(search: Any) -> None:
    one, box = search(written=6)
    one.start(Likes("Write the fifth word."))
    assert texts(one) == ["Write the fifth word.", "Write the first word."]  # by the prediction, by the order
    assert "Write 6 distinct instructions" in box.requests[0].prompt
    assert len(box.requests) == 1 + 2 * 3
    assert all(row.candidate.predicted is not None for row in one.pool)


def test_own_instructions_are_scored_all_the_same(search: Any) -> None:
    one, _ = search(written=6, instructions=("Take it.",))
    one.start(Likes("Write the fifth word."))
    assert texts(one) == ["Take it.", "Write the fifth word."]
    assert [row.candidate.origin for row in one.pool] == ["own", "initial"]


@pytest.mark.parametrize("options", [{}, {"written": 6}])
def test_without_a_former_task_as_many_are_written_as_scored(search: Any, options: dict[str, int]) -> None:
    one, box = search(**options)
    one.start(None if options else Likes("Write the fifth word."))
    assert texts(one) == ["Write the first word.", "Write the second word."]
    assert "Write 2 distinct instructions" in box.requests[0].prompt


def test_the_estimate_counts_those_that_are_written(search: Any) -> None:
    [part, *_] = search(written=6)[0].estimate().parts
    [smaller, *_] = search()[0].estimate().parts
    assert part.most.prompt_tokens >= smaller.most.prompt_tokens
    sampled = search(mode="sample", written=6)[0].estimate().parts[0]
    assert sampled.most.calls == 6


def test_fewer_written_than_scored_are_refused() -> None:
    with pytest.raises(ValueError, match=r"initialisation\.written of at least count, 40, but got 8"):
        Initialisation(written=8)
