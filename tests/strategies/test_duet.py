from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from duet.examples.example import Example
from duet.features import FeatureExtractor
from duet.models.base import AbstractEncoder, AbstractWhiteBox, Encoding, Request
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.instruction_filter import InstructionFilter
from duet.strategies.duet import Duet
from duet.strategies.shares import Shares
from duet.strategies.strategy import SearchContext
from tests.strategies.contexts import make_context

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
SILENT = ScriptedBlackBox({})


class Scripted:
    """A predictor: any function of the features as the mean, another as the deviation."""

    def __init__(self, mean: Callable[[Tensor], Tensor], deviation: Callable[[Tensor], Tensor] = torch.zeros_like):
        self.mean, self.deviation = mean, deviation
        self.features = torch.empty(0)

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        self.features = features
        mean = self.mean(features)
        return mean, self.deviation(mean).square().diag()


class Repeating(AbstractWhiteBox):
    """Writes from a list of texts, in turn."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.calls = texts, 0
        self.inner = HashingWhiteBox()

    identity = property(lambda self: "repeating")
    hidden_size = property(lambda self: 16)
    embedding_size = property(lambda self: 8)

    def encode(self, texts: Any, contexts: Any = None) -> Encoding:
        return self.inner.encode(texts, contexts)

    def generate(self, prompts: Any, **options: Any) -> list[str]:
        self.calls += options["temperature"] > 0 if "temperature" in options else 0
        return [" " + self.texts[n % len(self.texts)] for n in range(len(prompts))]


def first(features: Tensor) -> Tensor:
    return features[:, 0]


def context(white_box: AbstractEncoder | None = None, seed: int = 0) -> SearchContext:
    return make_context(SILENT, white_box or HashingWhiteBox(), EXAMPLES, seed=seed)


def row(text: str, score: float, iteration: int = 0) -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, "initial", features=torch.zeros(16)), iteration, (score,), (text,))


POOL = Pool((row("Write the last letter of it.", 0.5), row("Sort each word backwards.", 0.25)))


def test_a_proposal_is_new_distinct_and_counted() -> None:
    proposal = Duet(candidates=32, choose=20).propose(POOL, Scripted(first), context())
    texts = [candidate.text for candidate in proposal.candidates]
    assert len(set(texts)) == len(texts) == 20
    assert not set(texts) & POOL.texts
    assert proposal.written == 32
    assert 20 <= proposal.distinct <= 32


def test_the_same_pool_gives_the_same_proposal() -> None:
    def texts(pool: Pool = POOL, seed: int = 0) -> list[str]:
        proposal = Duet(candidates=16, choose=4).propose(pool, Scripted(first), context(seed=seed))
        return [candidate.text for candidate in proposal.candidates]

    assert texts() == texts()
    assert texts(seed=1) != texts()
    assert texts(Pool((*POOL, row("Copy the text.", 0.0, iteration=1)))) != texts()


def test_the_best_by_the_acquisition_come_first_with_what_was_predicted() -> None:
    predictor = Scripted(first, lambda mean: (mean * 7).sin().abs())
    proposal = Duet(candidates=32, choose=3, acquisition="upper_confidence_bound", beta=0.5).propose(
        POOL, predictor, context()
    )
    mean, covariance = predictor.predict_joint(predictor.features, torch.zeros(len(predictor.features), 0))
    expected = sorted((mean + 0.5 * covariance.diagonal().sqrt()).tolist(), reverse=True)[:3]
    values = [(candidate.predicted or 0.0) + 0.5 * (candidate.std or 0.0) for candidate in proposal.candidates]
    assert values == pytest.approx(expected)
    for each in proposal.candidates:
        assert each.features is not None
        assert torch.equal(
            each.features,
            FeatureExtractor(outputs="none").extract([each.text], [], HashingWhiteBox(), SILENT).features[0],
        )
        assert each.predicted == each.features[0].item()


def test_of_leaders_that_are_alike_one_is_enough() -> None:
    class Alike(Scripted):
        def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
            mean, covariance = torch.tensor([0.5, 0.5, 0.4]), torch.full((3, 3), 1.0)
            covariance[2, :2] = covariance[:2, 2] = 0.0
            return mean, covariance

    rows = [*POOL, row("Repeat the text.", 1.0)]
    found = Duet(choose=3).leaders(rows, Pool(tuple(rows)), Alike(first), context())
    assert found == [rows[0], rows[2], rows[1]]


def test_greedy_ignores_the_deviation() -> None:
    predictor = Scripted(first, lambda mean: 100 * mean.neg().exp())
    [each] = Duet(candidates=32, choose=1, acquisition="greedy").propose(POOL, predictor, context()).candidates
    assert each.predicted == predictor.features[:, 0].max().item()


def test_expected_improvement_is_over_the_best_of_the_pool() -> None:
    white_box = Repeating("take a", "take b")
    texts = ["Take a.", "Take b."]
    sure, risky = torch.tensor([0.52, 0.0]), torch.tensor([0.40, 0.3])  # 0.02 for sure, or 0.08 in the mean, over 0.5
    order = {"Take a.": sure, "Take b.": risky}
    states = {
        text: FeatureExtractor(outputs="none").extract([text], [], white_box, SILENT).features[0] for text in texts
    }

    def look_up(column: int) -> Callable[[Tensor], Tensor]:
        def find(features: Tensor) -> Tensor:
            names = [next(t for t in texts if torch.equal(states[t], row)) for row in features]
            return torch.tensor([order[name][column].item() for name in names])

        return find

    predictor = Scripted(look_up(0))
    predictor.deviation = lambda mean: look_up(1)(predictor.features)
    duet = Duet(candidates=4, choose=1, acquisition="expected_improvement", beta=1.0, shares=Shares(1, 0, 0))
    assert duet.propose(POOL, predictor, context(white_box)).candidates[0].text == "Take b."
    low = Pool((row("Do nothing.", 0.0),))
    assert duet.propose(low, predictor, context(white_box)).candidates[0].text == "Take a."


def test_a_text_is_written_twice_and_proposed_once() -> None:
    white_box = Repeating("take a", "Take a.", "take  a ", "take b")
    proposal = Duet(candidates=8, choose=8, shares=Shares(1, 0, 0)).propose(POOL, Scripted(first), context(white_box))
    assert {candidate.text for candidate in proposal.candidates} == {"Take a.", "Take b."}
    assert (proposal.written, proposal.distinct) == (8, 2)


def test_what_the_filter_rejects_is_not_proposed() -> None:
    white_box = Repeating("stop", "turn word1 into 1drow", "take the first one and then the other", "take b")
    duet = Duet(candidates=8, choose=8, shares=Shares(1, 0, 0))
    short = replace(context(white_box), instruction_filter=InstructionFilter(max_characters=20))
    proposal = duet.propose(POOL, Scripted(first), short)
    assert [candidate.text for candidate in proposal.candidates] == ["Take b."]
    assert short.rejections == {"too long": 2, "too short": 1}


def test_a_white_box_that_only_repeats_brings_an_empty_proposal() -> None:
    white_box = Repeating("write the last letter of it", "sort each word backwards", "stop", "")
    duet = Duet(candidates=8, choose=1, attempts=3, shares=Shares(1, 0, 0))
    predictor = Scripted(first)
    proposal = duet.propose(POOL, predictor, context(white_box))
    assert (proposal.candidates, proposal.written, proposal.distinct) == ((), 24, 0)
    assert white_box.calls == 3
    assert predictor.features.numel() == 0


def test_the_best_of_what_was_not_chosen_stands_for_choice_again() -> None:
    duet, predictor = Duet(candidates=16, choose=1, reserve=5, acquisition="greedy"), Scripted(first)
    proposal = duet.propose(POOL, predictor, context())
    values = sorted(predictor.features[:, 0].tolist(), reverse=True)
    assert [candidate.predicted for candidate in (*proposal.candidates, *proposal.reserve)] == values[:6]
    white_box = Repeating("take a")  # far fewer new ones than before
    later = Pool((*POOL, row(proposal.candidates[0].text, 0.1, 1)), proposal.reserve)
    again = replace(duet, shares=Shares(1, 0, 0)).propose(later, predictor, context(white_box))
    offered = {candidate.text for candidate in (*again.candidates, *again.reserve)}
    assert offered == {"Take a.", *(candidate.text for candidate in proposal.reserve)}
    assert len(predictor.features) == 6
    assert again.distinct == 1


def test_what_is_in_reserve_is_not_read_again_and_what_has_a_score_is_not_in_it() -> None:
    marked = torch.full((16,), 7.0)
    reserve = (Candidate("Take a.", "global", features=marked), Candidate(POOL.observations[0].text, "x"))
    pool, predictor = Pool(POOL.observations, reserve), Scripted(first)
    duet = Duet(candidates=8, choose=8, shares=Shares(1, 0, 0))
    proposal = duet.propose(pool, predictor, context(Repeating("take a", "take b")))
    assert [candidate.text for candidate in proposal.candidates] == ["Take a.", "Take b."]
    assert torch.equal(predictor.features[-1], marked)
    assert proposal.distinct == 2


def test_where_nothing_new_is_written_the_reserve_is_left() -> None:
    pool = Pool(POOL.observations, (Candidate("Take a.", "global", features=torch.ones(16)),))
    duet = Duet(candidates=8, choose=1, attempts=2, shares=Shares(1, 0, 0))
    proposal = duet.propose(pool, Scripted(first), context(Repeating("stop")))
    assert ([candidate.text for candidate in proposal.candidates], proposal.distinct) == (["Take a."], 0)


def test_without_a_reserve_every_iteration_starts_anew() -> None:
    assert Duet(candidates=16, choose=1, reserve=0).propose(POOL, Scripted(first), context()).reserve == ()
    with pytest.raises(ValueError, match="Expected reserve of at least 0 but got -1"):
        Duet(reserve=-1)


@pytest.mark.parametrize("origin", ["global", "local", "continuation"])
def test_each_source_can_stand_alone(origin: str) -> None:
    shares = Shares(*(float(origin == each) for each in ("global", "local", "continuation")))
    proposal = Duet(candidates=8, choose=8, shares=shares).propose(POOL, Scripted(first), context())
    assert {candidate.origin for candidate in proposal.candidates} == {origin}
    parents = {candidate.parent for candidate in proposal.candidates}
    assert parents == {None} if origin == "global" else parents <= POOL.texts


def test_iterations_and_attempts_never_use_a_global_point_twice() -> None:
    duet, seen = Duet(candidates=8, choose=8, shares=Shares(1, 0, 0)), []
    pool = POOL
    for iteration in range(1, 5):
        proposal = duet.propose(pool, Scripted(first), context())
        seen += [candidate.latent for candidate in proposal.candidates]
        pool += [row(f"{proposal.candidates[0].text}", 0.1, iteration)]
    assert len(set(seen)) == len(seen) > 8


def test_proposing_asks_no_black_box_and_leaves_the_pool_alone() -> None:
    before = POOL.state_dict()["rows"]
    Duet(candidates=8, choose=1).propose(POOL, Scripted(first), context())
    assert SILENT.requests == []
    assert POOL.state_dict()["rows"] == before


@pytest.mark.parametrize("total", [1, 2, 3, 7, 64])
@pytest.mark.parametrize(
    "shares", [Shares(), Shares(1, 0, 0), Shares(0, 1, 1), Shares(0, 0, 2), Shares(1, 1, 1), Shares(0, 0, 0, 1, 1)]
)
def test_shares_sum_to_the_total(shares: Shares, total: int) -> None:
    counts = shares.counts(total)
    assert sum(counts.values()) == total
    assert min(counts.values()) >= 0
    assert all(getattr(shares, name) > 0 for name, count in counts.items() if count)


def test_shares_are_divided_by_weight() -> None:
    assert [*Shares(0.5, 0.25, 0.25).counts(8).values()] == [4, 2, 2, 0, 0, 0, 0]
    assert [*Shares(0, 0, 0, 2, 1).counts(9).values()] == [0, 0, 0, 6, 3, 0, 0]


@pytest.mark.parametrize("shares", [Shares(0, 0, 0), Shares(-1, 1, 1)])
def test_shares_are_not_negative_and_not_all_zero(shares: Shares) -> None:
    with pytest.raises(ValueError, match="Expected shares of at least 0, not all 0"):
        Duet(shares=shares)


@pytest.mark.parametrize("name", ["candidates", "choose", "demonstrations", "max_new_tokens", "elite", "attempts"])
def test_numbers_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"Expected {name} of at least 1 but got 0"):
        Duet(**{name: 0})  # type: ignore[arg-type]


ASKED_SHARES = Shares(0, 0, 0, paraphrase=1, resample=1)


class Writing:
    """A script that answers each request with a text of its own."""

    def __init__(self) -> None:
        self.box = ScriptedBlackBox(
            lambda request: f"The instruction was to write the word {request.seed}.", follows_requests=False
        )

    def propose(self, duet: Duet, encoder: AbstractEncoder, predictor: Scripted | None = None) -> Any:
        each = make_context(SILENT, encoder, EXAMPLES, proposer=self.box)
        return duet.propose(POOL, predictor or Scripted(first), each)


def test_a_black_box_writes_in_other_words_and_from_demonstrations() -> None:
    writing = Writing()
    proposal = writing.propose(Duet(candidates=8, choose=8, shares=ASKED_SHARES), NGramEncoder())
    assert sorted(candidate.origin for candidate in proposal.candidates) == ["paraphrase"] * 4 + ["resample"] * 4
    assert {candidate.parent for candidate in proposal.candidates} == {None, *POOL.texts}
    assert (proposal.written, proposal.distinct) == (8, 8)
    assert SILENT.requests == []


def test_what_a_black_box_wrote_is_ranked_on_the_encoders_features() -> None:
    encoder = NGramEncoder()
    [each] = Writing().propose(Duet(candidates=8, choose=1, shares=ASKED_SHARES), encoder).candidates
    assert each.features is not None
    assert torch.equal(each.features, encoder.encode([each.text]).states[0])
    assert each.predicted == each.features[0].item()


def test_without_a_writer_the_task_model_writes() -> None:
    box = ScriptedBlackBox(lambda request: f"take {request.seed}", follows_requests=False)
    each = make_context(box, NGramEncoder(), EXAMPLES)
    assert Duet(candidates=4, choose=1, shares=ASKED_SHARES).propose(POOL, Scripted(first), each).written == 4
    assert len(box.requests) == 4


def test_white_and_black_box_can_write_together() -> None:
    duet = Duet(candidates=8, choose=8, shares=Shares(1, 0, 0, 0, 1))
    assert {candidate.origin for candidate in Writing().propose(duet, HashingWhiteBox()).candidates} == {
        "global",
        "resample",
    }


@pytest.mark.parametrize("shares", [Shares(), Shares(0, 0, 1, 1, 1)])
def test_an_encoder_is_refused_where_the_white_box_has_to_write(shares: Shares) -> None:
    assert not Duet(shares=ASKED_SHARES).requirements.writing
    assert Duet(shares=shares).requirements.writing
    with pytest.raises(TypeError, match="Expected a white box that writes but got NGramEncoder"):
        Writing().propose(Duet(shares=shares), NGramEncoder())


def test_no_proposal_asks_for_more_than_it_said() -> None:
    duet = Duet(candidates=6, attempts=3, demonstrations=3, shares=ASKED_SHARES)
    writing = Writing()
    writing.box = ScriptedBlackBox(lambda request: "no", follows_requests=False)  # too short: it uses every attempt
    writing.propose(duet, NGramEncoder())
    bound = duet.longest_requests(EXAMPLES, "x" * 400, follows_requests=False)
    assert len(bound) == len(writing.box.requests) == 18

    def size(requests: list[Request]) -> list[int]:
        return sorted(len(request.prompt) for request in requests)

    assert all(most >= sent for most, sent in zip(size(bound), size(writing.box.requests), strict=True))
    assert {(request.max_tokens, request.temperature) for request in bound} == {(64, 1.0)}
    assert Duet().longest_requests(EXAMPLES, "x") == []
