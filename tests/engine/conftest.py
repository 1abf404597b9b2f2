"""A whole search on the public fakes: a scripted black box, a hashing white box, a task of two words."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from lightning import Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from callbacks.checkpoint_io import AtomicCheckpointIO
from callbacks.instruction_search import InstructionSearch
from callbacks.search_checkpoint import SearchCheckpoint
from callbacks.search_curves import SearchCurves
from callbacks.search_progress import SearchProgress
from datamodules.instruction_pool import InstructionPool
from duet.engine.search import Search
from duet.evaluation.allocation import Allocation
from duet.models.base import AbstractBlackBox, Arrived, CallFailure, Outcome, Request, always
from duet.models.endpoint import Endpoint
from duet.models.errors import ProviderError
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.models.metering import in_batches
from duet.models.prices import Prices
from duet.pool import Candidate, Pool
from duet.proposals.initialisation import Initialisation
from duet.session.output import quiet
from duet.spending.budget import most
from duet.strategies.duet import Duet
from duet.strategies.strategy import AbstractStrategy, Proposal, Requirements, RewardPredictor, SearchContext
from duet.tasks.task import Task
from lightning_modules.no_predictor import NoPredictor
from lightning_modules.score_predictor import ScorePredictor

FIRST = ("Name the colour.", "Copy the text.", "Write the second word.", "Say a word.", "Count the words.")
Quality = Callable[[str], float]


def half(instruction: str) -> float:
    return 0.5


class Listed(AbstractStrategy):
    """Proposes given texts, some per iteration."""

    def __init__(self, *batches: Sequence[str]) -> None:
        self.batches = batches

    @property
    def requirements(self) -> Requirements:
        return Requirements(max(map(len, self.batches), default=1))

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        if pool.iteration > len(self.batches):
            return Proposal((), written=4)
        texts = self.batches[pool.iteration - 1]
        return Proposal(tuple(Candidate(text, "listed") for text in texts), 2 * len(texts), len(texts))


@dataclass
class Run:
    """One search and all that it left behind."""

    search: Search
    data: InstructionPool
    box: ScriptedBlackBox
    folder: Path
    trainer: Trainer

    @property
    def texts(self) -> list[str]:
        return [row.text for row in self.data.pool]

    @property
    def result(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return content

    def times_scored(self, text: str) -> int:
        return sum(request.prompt.startswith(f"Instruction: {text}\n") for request in self.box.requests)


class Paid(AbstractBlackBox):
    """A scripted model at an endpoint; it charges as much as a call can cost, and may break down after some calls."""

    def __init__(self, inner: AbstractBlackBox, prices: Prices | None, last: float = math.inf) -> None:
        self._inner, self._prices, self._left = inner, prices, last

    @property
    def identity(self) -> str:
        return self._inner.identity

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("https://models.example/v1", "m", self._prices)

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        return in_batches(requests, 3, self._answer_all, may_send)

    def _answer_all(self, requests: Sequence[Request]) -> list[Outcome]:
        self._left -= len(requests)
        if self._left < 0:
            raise ProviderError("out of order")
        usages = [most([request]) for request in requests]
        return [
            replace(one, prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens)
            for one, usage in zip(self._inner.complete(requests), usages, strict=True)
        ]


def black_box(quality: Quality, failing: Sequence[str], first: Sequence[str]) -> ScriptedBlackBox:
    """Answers with the second word as often as the instruction's quality says, else with the first one."""

    def answer(request: Request) -> str | CallFailure:
        if "distinct instructions" in request.prompt:
            return "\n".join(f"{i}. The instruction was to {text}" for i, text in enumerate(first, 1))
        if listed := re.search(r"(\d+) distinct (?:improved|variations)", request.prompt):
            texts = (f"write word number {request.seed % 1000} {i} times." for i in range(int(listed[1])))
            return "\n".join(f"- The instruction was to {text}" for text in texts)
        if request.prompt.endswith(("The instruction was to", "Variation:")):
            return f"The instruction was to write word number {request.seed % 1000}."
        instruction, _, rest = request.prompt.removeprefix("Instruction: ").rpartition("\n\nInput: ")
        if instruction in failing:
            return CallFailure("server error")
        wrong, right = rest.removesuffix("\nOutput:").split()
        share = zlib.crc32(f"{instruction}|{right}".encode()) % 1000 / 1000
        return right if share < quality(instruction) else wrong

    return ScriptedBlackBox(answer)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    """Carries out a search of 4 validation and 6 test examples."""
    quiet()
    for name, start, count in (("train", 0, 20), ("test", 100, 6)):
        rows = [json.dumps({"input": f"a{i} b{i}", "output": f"b{i}"}) for i in range(start, start + count)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))

    def carry_out(
        quality: Quality = half,
        *,
        failing: Sequence[str] = (),
        first: Sequence[str] = FIRST,
        strategy: AbstractStrategy | None = None,
        iterations: int = 3,
        folder: str = "run",
        wrap: Callable[[AbstractBlackBox], AbstractBlackBox] = lambda box: box,
        initialisation: Initialisation | None = None,
        allocation: Allocation = Allocation("fixed", examples=4, tie_share=0),
        white_box: HashingWhiteBox | None = None,
        **options: Any,
    ) -> Run:
        box = black_box(quality, failing, first)
        search = Search(
            Task("t", str(tmp_path / "train.jsonl"), str(tmp_path / "test.jsonl")),
            wrap(box),
            strategy or Duet(candidates=8, choose=1),
            white_box or HashingWhiteBox(8, 4),
            initialisation=initialisation or Initialisation(count=len(first), max_rounds=1),
            allocation=allocation,
            iterations=iterations,
            **options,
        )
        data = InstructionPool()
        predictor = ScorePredictor(search.feature_size, width=5, steps=4) if search.feature_size else NoPredictor()
        trainer = Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=iterations,
            logger=TensorBoardLogger(str(tmp_path / folder), name="", version="", default_hp_metric=False),
            callbacks=[
                InstructionSearch(search),
                SearchCurves(search, {"model.learning_rate": 0.001, "search.extractor.fusion": "output"}),
                SearchProgress(search),
                SearchCheckpoint(tmp_path / folder / "checkpoints" / "last.ckpt"),
            ],
            plugins=[AtomicCheckpointIO()],
            default_root_dir=str(tmp_path / folder),
            enable_progress_bar=False,
            enable_model_summary=False,
            log_every_n_steps=1,
        )
        trainer.fit(predictor, datamodule=data)
        return Run(search, data, box, tmp_path / folder, trainer)

    return carry_out


@pytest.fixture
def paid() -> Callable[..., Callable[[AbstractBlackBox], Paid]]:
    """Makes a black box one that costs money: ``run(wrap=paid(prices))``."""

    def at(prices: Prices | None, last: float = math.inf) -> Callable[[AbstractBlackBox], Paid]:
        return lambda box: Paid(box, prices, last)

    return at


@pytest.fixture
def listed() -> Callable[..., Listed]:
    """A strategy from its proposals."""
    return Listed
