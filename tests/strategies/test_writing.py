"""Where candidates come from: several to a request, from what went wrong, with exemplars behind them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from torch import Tensor, zeros

from duet.evaluation.evaluation import EvaluationConfig, Evaluator
from duet.examples.example import Example
from duet.metrics.induction import induction_exact_match
from duet.models.base import Request
from duet.models.fakes import ScriptedBlackBox
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.exemplars import with_exemplars
from duet.strategies.duet import Duet
from duet.strategies.random_search import RandomSearch
from duet.strategies.shares import Shares
from tests.strategies.contexts import make_context

SHOWN = [Example(f"a{n} b{n}", (f"b{n}",)) for n in range(12)]
SCORED = [Example(f"My lamp of May the {n} is broken and I want the money back", ("refund",)) for n in range(4)]
TASK = ScriptedBlackBox({})


class Equal:
    """Expects the same of all."""

    def predict(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return zeros(len(features)), zeros(len(features))

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        return zeros(len(features)), zeros(len(features), len(features))


def row(candidate: Candidate, *scores: float) -> ScoredInstruction:
    [features] = NGramEncoder().encode([candidate.text]).states
    scored = Candidate(candidate.text, candidate.origin, features=features, exemplars=candidate.exemplars)
    return ScoredInstruction(scored, 0, scores, ("no",) * len(scores))


LEADER = row(Candidate("Take the second word.", "initial"), 1, 0, 0, 1)
OTHER = row(Candidate("Copy all.", "initial"), 0, 0, 0, 0)
POOL = Pool((LEADER, OTHER))


def listing(request: Request) -> str:
    found = re.search(r"(\d+) distinct", request.prompt)
    assert found is not None
    return "\n".join(f"- Write answer {request.seed} {n}" for n in range(int(found[1])))


def propose(shares: Shares, answer: Any = listing, pool: Pool = POOL, **options: Any) -> Any:
    box = ScriptedBlackBox(answer)
    evaluator = Evaluator(TASK, SCORED, induction_exact_match, EvaluationConfig())
    context = make_context(TASK, NGramEncoder(), SHOWN, proposer=box, evaluator=evaluator)
    duet = Duet(**{"candidates": 24, "choose": 24, "shares": shares, **options})
    return duet.propose(pool, Equal(), context), box.requests, context


NO_WHITE_BOX = Shares(0, 0, 0, paraphrase=1, resample=1, reflection=1)


def test_twenty_four_candidates_take_three_calls() -> None:
    proposal, requests, _ = propose(NO_WHITE_BOX)
    assert len(requests) == 3
    assert (proposal.written, proposal.distinct, len(proposal.candidates)) == (24, 24, 24)
    assert {candidate.origin for candidate in proposal.candidates} == {"paraphrase", "resample", "reflection"}
    bound = Duet(candidates=24, shares=NO_WHITE_BOX, attempts=1).longest_requests(SHOWN, "x", SCORED)
    assert len(requests) == len(bound)


def test_random_search_writes_what_duet_writes() -> None:
    _, requests, context = propose(NO_WHITE_BOX)
    drawing = RandomSearch(candidates=24, choose=1, shares=NO_WHITE_BOX)
    proposal = drawing.propose(Pool((LEADER, OTHER)), None, context)
    assert proposal.written == 24
    assert context.proposer.requests[3:] == requests[:3]


def test_an_instruction_that_repeats_an_example_that_a_reflection_showed_is_rejected() -> None:
    quoting = f"- Answer refund to: {SCORED[1].input}\n- Say refund if the money is wanted back."
    proposal, [request], context = propose(Shares(0, 0, 0, reflection=1), lambda _: quoting, candidates=2)
    assert SCORED[1].input in request.prompt
    assert [candidate.text for candidate in proposal.candidates] == ["Say refund if the money is wanted back."]
    assert context.rejections == {"quotes an example": 1}


@pytest.mark.parametrize("part", [SCORED[1].input[: -len(" and I want the money back")], SCORED[2].input[4:]])
def test_so_is_one_that_repeats_a_part(part: str) -> None:
    proposal, *_ = propose(Shares(0, 0, 0, reflection=1), lambda _: f"- Say refund for {part}.", candidates=2)
    assert proposal.candidates == ()


def test_an_example_that_was_shown_earlier_is_still_kept_out() -> None:
    pool = Pool((row(Candidate("Take it.", "reflection"), 1, 1, 1, 1),))  # nothing is wrong now, so none is shown
    quoting = f"- Answer refund to: {SCORED[1].input}"
    shares = Shares(0, 0, 0, reflection=1)
    proposal, [request, *_], _ = propose(shares, lambda _: quoting, pool, candidates=2)
    assert "lamp" not in request.prompt
    assert proposal.candidates == ()


def test_exemplars_stand_behind_the_best_and_cost_no_call() -> None:
    proposal, requests, _ = propose(Shares(0, 0, 0, exemplars=1), candidates=4, exemplars=2)
    assert requests == []
    assert {candidate.instruction for candidate in proposal.candidates} == {
        LEADER.text
    }  # both answer alike: the better one
    for each in proposal.candidates:
        assert each.text.startswith("Take the second word.\n\nExamples:\n\nInput: a")
        assert each.text.count("Output: b") == 2
        assert each.features is not None
    assert len({candidate.text for candidate in proposal.candidates}) == 4


def test_the_predictor_sees_the_exemplars() -> None:
    proposal, *_ = propose(Shares(0, 0, 0, exemplars=1), candidates=2)
    [state] = NGramEncoder().encode([proposal.candidates[0].text]).states
    assert proposal.candidates[0].features.equal(state)


def test_what_derives_from_an_instruction_with_exemplars_inherits_them() -> None:
    leader = with_exemplars(LEADER.candidate, "\n\nExamples:\n\nInput: a1 b1\nOutput: b1")
    pool = Pool((row(leader, 1, 1, 0, 1), OTHER))
    proposal, requests, _ = propose(NO_WHITE_BOX, listing, pool)
    assert not any("Input: a1 b1\nOutput: b1\n\nWrite" in request.prompt for request in requests)
    assert any("Instruction: Take the second word.\n\n" in request.prompt for request in requests)
    reflected = [candidate for candidate in proposal.candidates if candidate.origin == "reflection"]
    assert len(reflected) == 8
    assert all(each.text == each.instruction + leader.exemplars for each in reflected)
    assert all(candidate.exemplars == "" for candidate in proposal.candidates if candidate.origin == "resample")


def test_only_the_instruction_is_filtered() -> None:
    long = [Example(f"{'a' * 300}{n}", ("x" * 300,)) for n in range(12)]
    box = ScriptedBlackBox({})
    context = make_context(box, NGramEncoder(), long)
    duet = Duet(candidates=2, choose=2, exemplars=3, shares=Shares(0, 0, 0, exemplars=1))
    [each, _] = duet.propose(Pool((LEADER,)), Equal(), context).candidates
    assert len(each.text) > context.instruction_filter.max_characters
    assert len(each.exemplars.encode()) <= len(duet.longest_exemplars(long).encode())
    assert Duet().longest_exemplars(long) == ""


@pytest.mark.parametrize("name", ["per_request", "reflected_failures", "exemplars"])
def test_numbers_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"Expected {name} of at least 1"):
        Duet(**{name: 0})  # type: ignore[arg-type]


def test_a_template_without_demonstrations_is_refused() -> None:
    with pytest.raises(ValueError, match=r"exemplar_template with \{demonstrations\}"):
        Duet(exemplar_template="Examples:")
