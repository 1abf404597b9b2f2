"""The pool is the memory: a strategy that is made anew in every iteration proposes what one that goes on proposes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor

from duet.config_files import CONFIGS
from duet.evaluation.evaluation import EvaluationConfig, Evaluator
from duet.examples.example import Example
from duet.models.base import AbstractEncoder
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.strategies.ape import Ape
from duet.strategies.bandit_selection import BanditSelection
from duet.strategies.duet import Duet
from duet.strategies.evoprompt import EvoPromptDE, EvoPromptGA
from duet.strategies.instinct import Instinct
from duet.strategies.random_search import RandomSearch
from duet.strategies.strategy import AbstractStrategy
from lightning_modules.neural_bandit import NeuralBandit
from tests.strategies.contexts import make_context

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]


class Flat:
    """A reader: the state is the soft prompt."""

    def check(self, white_box: AbstractEncoder) -> None: ...

    def states(self, white_box: AbstractEncoder, prompt: str, soft_prompts: Tensor) -> Tensor:
        return soft_prompts.flatten(1)


class Summing:
    """A predictor: the mean is the sum of the features."""

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        return features.sum(1), features[:, 0].square().diag()


def published(name: str) -> dict[str, Any]:
    """The arguments of a published method's file."""
    content = yaml.safe_load((CONFIGS / "methods" / f"{name}.yaml").read_text())
    arguments: dict[str, Any] = content["strategy"]["init_args"]
    return arguments


def published_instinct() -> Instinct:
    """On a small domain with a small network, so that the bandit chooses soon."""
    arguments = published("instinct_paper") | {"starts": 2, "points": 128, "ranked": 50}
    small = arguments["bandit"]["init_args"] | {"width": 4, "steps": 20}
    return Instinct(**arguments | {"reader": Flat(), "bandit": NeuralBandit(**small)})


METHODS: dict[str, Callable[[], AbstractStrategy]] = {
    "duet": lambda: Duet(candidates=6, choose=1),
    "random search": lambda: RandomSearch(candidates=6, choose=2),
    "ape": lambda: Ape(per_iteration=2),
    "ape, paper": lambda: Ape(**published("ape_paper")),
    "ape, ucb": lambda: Ape(variant="ucb", trials=BanditSelection(proposals=4, rounds=3)),
    "evoprompt, GA": lambda: EvoPromptGA(population=4, operator="continuation"),
    "evoprompt, GA, paper": lambda: EvoPromptGA(**published("evoprompt_ga_paper") | {"operator": "continuation"}),
    "evoprompt, DE, paper": lambda: EvoPromptDE(**published("evoprompt_de_paper") | {"operator": "continuation"}),
    "evoprompt, GA, three at once": lambda: EvoPromptGA(population=4, per_iteration=3, operator="continuation"),
    "evoprompt, DE": lambda: EvoPromptDE(population=4, operator="continuation"),
    "instinct": lambda: Instinct(Flat(), NeuralBandit(width=4, steps=10), points=128, ranked=50, starts=2),
    "instinct, paper": published_instinct,
}


def observed(candidate: Candidate, iteration: int) -> ScoredInstruction:
    """Its score follows from the text."""
    score = zlib.crc32(candidate.text.encode()) % 5 / 4
    features = candidate.features if candidate.features is not None else torch.zeros(16)
    return ScoredInstruction(replace(candidate, features=features), iteration, (score,), ("x",))


def search(make: Callable[[], AbstractStrategy], iterations: int, anew: bool) -> Pool:
    """A search; ``anew`` keeps nothing between two iterations but the pool's checkpoint."""
    box = ScriptedBlackBox(lambda request: f" part {request.seed % 50}")
    evaluator = Evaluator(box, EXAMPLES, lambda answer, outputs: len(answer) % 2, EvaluationConfig())
    context = make_context(box, HashingWhiteBox(), EXAMPLES, evaluator=evaluator)
    texts = ["Copy the text.", "Sort each word.", "Take a part.", "Write it twice.", "Return the list."]
    pool, strategy = Pool(tuple(observed(Candidate(text, "initial"), 0) for text in texts)), make()
    for iteration in range(1, iterations + 1):
        if anew:
            pool, strategy = Pool.from_state_dict(pool.state_dict()), make()
        proposal = strategy.propose(pool, Summing(), context)
        pool += [observed(candidate, iteration) for candidate in proposal.candidates]
    return pool


@pytest.mark.parametrize("name", METHODS)
def test_resuming_equals_never_having_stopped(name: str) -> None:
    iterations = {"ape, paper": 3, "instinct, paper": 5}.get(name, 12)
    going_on, anew = (search(METHODS[name], iterations, anew) for anew in (False, True))
    assert len(going_on) >= 5 + iterations
    assert going_on.state_dict()["rows"] == anew.state_dict()["rows"]
    assert torch.equal(going_on.features(), anew.features())
