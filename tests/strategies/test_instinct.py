from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor

from duet.config_files import CONFIGS
from duet.examples.example import Example
from duet.models.base import AbstractEncoder
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import PREFIX
from duet.proposals.soft_prompts import SoftPrompts
from duet.strategies.instinct import BLOCK, Instinct
from duet.strategies.strategy import Proposal
from tests.strategies.contexts import make_context

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
INITIAL = Pool(
    (ScoredInstruction(Candidate("Copy the text.", "initial", features=torch.zeros(16)), 0, (0.5,), ("x",)),)
)
DOMAIN = SoftPrompts().global_points(128, 0)  # (128, 10)


class Nobody:
    """A predictor that must not be used."""

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        raise AssertionError("the bandit predicts")


class Reader:
    """The state is the soft prompt itself, so that a point can be told from it."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int]] = []

    def check(self, white_box: AbstractEncoder) -> None: ...

    def states(self, white_box: AbstractEncoder, prompt: str, soft_prompts: Tensor) -> Tensor:
        self.read.append((prompt, len(soft_prompts)))
        return soft_prompts.flatten(1)


class FirstNumber:
    """A bandit: the mean is a state's first number, the deviation its second one, squared."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def predict(self, scored: Tensor, rewards: Tensor, drawn: int, candidates: Tensor) -> tuple[Tensor, Tensor]:
        self.requests.append({"scored": scored, "rewards": rewards, "drawn": drawn, "candidates": candidates})
        return candidates[:, 0], candidates[:, 1].square()


class Noting(HashingWhiteBox):
    """Keeps its requests, and may write from a list."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.texts, self.written = texts, list[dict[str, Any]]()

    def generate(self, prompts: Sequence[str], **options: Any) -> list[str]:
        self.written.append({"prompts": prompts, **options})
        if not self.texts:
            return super().generate(prompts, **options)
        begun = sum(len(call["prompts"]) for call in self.written[:-1])
        return [" " + self.texts[(begun + n) % len(self.texts)] for n in range(len(prompts))]


def instinct(**options: Any) -> Instinct:
    return Instinct(Reader(), FirstNumber(), **{"points": 128, "ranked": 100, "starts": 2} | options)


def propose(strategy: Instinct, pool: Pool, white_box: HashingWhiteBox | None = None, seed: int = 0) -> Proposal:
    white_box = white_box or HashingWhiteBox()
    context = make_context(ScriptedBlackBox({}), white_box, EXAMPLES, seed=seed)
    return strategy.propose(pool, Nobody(), context)


def vectors(points: Tensor) -> Tensor:
    return SoftPrompts().vectors(points, 8).flatten(1)


def written(index: int, text: str, score: float, iteration: int) -> ScoredInstruction:
    """A row under the soft prompt of a point of the domain."""
    candidate = Candidate(text, "soft_prompt", None, torch.zeros(16), tuple(DOMAIN[index].tolist()))
    return ScoredInstruction(candidate, iteration, (score,), ("x",))


STARTED = Pool((*INITIAL, written(70, "Sort it.", 0.25, 1), written(3, "Write it.", 0.75, 2)))


def test_it_starts_with_points_drawn_at_random_and_initial_instructions_are_none() -> None:
    strategy, pool, seen = instinct(), INITIAL, set()
    for iteration in (1, 2):
        [one] = propose(strategy, pool).candidates
        assert one.predicted is None
        assert one.latent is not None
        assert min((DOMAIN - torch.tensor(one.latent)).abs().sum(1)) == 0
        seen.add(one.latent)
        pool += [ScoredInstruction(one, iteration, (0.5,), ("x",))]
    assert (len(seen), strategy.bandit.requests) == (2, [])  # type: ignore[attr-defined]
    assert propose(strategy, pool).candidates[0].predicted is not None


def test_the_bandit_learns_from_the_states_of_scored_points_in_their_order() -> None:
    strategy = instinct()
    propose(strategy, STARTED)
    [request] = strategy.bandit.requests  # type: ignore[attr-defined]
    torch.testing.assert_close(request["scored"], vectors(DOMAIN[[70, 3]]))
    assert (request["rewards"].tolist(), request["drawn"]) == ([0.25, 0.75], 2)
    assert len(request["candidates"].unique(dim=0)) == 100


def test_the_highest_upper_confidence_bound_is_taken_with_what_was_predicted() -> None:
    strategy = instinct(beta=0.5)
    [one] = propose(strategy, STARTED).candidates
    [request] = strategy.bandit.requests  # type: ignore[attr-defined]
    bound = request["candidates"][:, 0] + 0.5 * request["candidates"][:, 1].square()
    best = request["candidates"][bound.argmax()]
    assert (one.predicted, one.std) == (best[0].item(), best[1].square().item())
    torch.testing.assert_close(vectors(torch.tensor([one.latent]))[0], best)


def test_a_text_that_is_known_or_rejected_makes_way_for_the_next_point() -> None:
    white_box = Noting("copy the text", "stop", "sort it", "take the last word")
    strategy = instinct(beta=0.0)
    proposal = propose(strategy, STARTED, white_box)
    [request] = strategy.bandit.requests  # type: ignore[attr-defined]
    assert proposal.candidates[0].text == "Take the last word."
    assert proposal.candidates[0].predicted == request["candidates"][:, 0].sort(descending=True).values[3].item()
    assert (proposal.written, proposal.distinct) == (8, 1)


def test_a_white_box_that_only_repeats_brings_an_empty_proposal() -> None:
    white_box = Noting("sort it", "write it")
    assert propose(instinct(attempts=3), STARTED, white_box) == Proposal((), 24, 0)


def test_a_point_stands_for_one_text() -> None:
    white_box = Noting()
    strategy = instinct(beta=0.0, ranked=128)
    first = propose(strategy, STARTED, white_box).candidates[0]
    pool = Pool((*STARTED, written(5, "Take one.", 0.0, 3)))
    again = propose(strategy, pool, white_box).candidates[0]
    assert (first.text, first.latent) == (again.text, again.latent)
    assert len(set(white_box.written[0]["seeds"])) == 8
    assert {call["temperature"] for call in white_box.written} == {1.0}


def test_points_are_read_once_in_whole_blocks_behind_one_prompt() -> None:
    strategy = instinct(points=2 * BLOCK)
    for _ in range(3):
        propose(strategy, STARTED)
    read = strategy.reader.read  # type: ignore[attr-defined]
    assert [count for _, count in read] == [BLOCK, BLOCK]
    [prompt] = {prompt for prompt, _ in read}
    assert prompt.endswith(PREFIX)
    assert prompt.count("Input:") == 5
    propose(strategy, STARTED, seed=1)
    assert len({prompt for prompt, _ in read}) == 2


PUBLISHED: dict[str, Any] = yaml.safe_load((CONFIGS / "methods" / "instinct_paper.yaml").read_text())
PAPER = {name: value for name, value in PUBLISHED["strategy"]["init_args"].items() if name not in ("reader", "bandit")}


def test_the_paper_writes_greedily_takes_the_first_sentence_and_scores_a_repeated_text_again() -> None:
    white_box = Noting("sort it. Then stop. Comment: easy")
    assert (PAPER["starts"], PAPER["points"], PAPER["ranked"], PAPER["beta"]) == (40, 10_000, 1000, 1.0)
    strategy = instinct(**PAPER | {"points": 128, "ranked": 100, "starts": 2})
    proposal = propose(strategy, STARTED, white_box)
    assert ([candidate.text for candidate in proposal.candidates], proposal.written) == (["Sort it."], 1)
    [request] = white_box.written
    assert request["temperature"] == 0.0
    assert request["prompts"][0].startswith("\nInput:")
    [bandit] = strategy.bandit.requests  # type: ignore[attr-defined]
    bound = bandit["candidates"][:, 0] + bandit["candidates"][:, 1].square()
    torch.testing.assert_close(
        vectors(torch.tensor([proposal.candidates[0].latent]))[0], bandit["candidates"][bound.argmax()]
    )


def test_a_white_box_is_needed_and_the_reader_is_asked_too() -> None:
    class Refusing(Reader):
        def check(self, white_box: AbstractEncoder) -> None:
            raise ValueError("not this one")

    with pytest.raises(ValueError, match="not this one"):
        Instinct(Refusing(), FirstNumber()).check(HashingWhiteBox())


@pytest.mark.parametrize("name", ["starts", "points", "ranked", "demonstrations", "max_new_tokens", "attempts"])
def test_numbers_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"Expected {name} of at least 1 but got 0"):
        instinct(**{name: 0})
