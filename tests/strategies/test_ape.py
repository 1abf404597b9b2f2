from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from duet.commands import main as cli
from duet.config_files import CONFIGS
from duet.evaluation.evaluation import EvaluationConfig, Evaluator
from duet.examples.example import Example
from duet.models.base import CallFailure, Request
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.strategies.ape import Ape
from duet.strategies.bandit_selection import BanditSelection
from duet.strategies.strategy import Proposal
from tests.strategies.contexts import make_context

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]


def row(text: str, score: float, iteration: int = 0, origin: str = "initial") -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, origin, features=torch.zeros(4)), iteration, (score,), ("x",))


POOL = Pool((row("Write it backwards.", 0.5), row("Copy it.", 0.25)))


class Nobody:
    """A predictor that must not be used."""

    def predict_joint(self, features: torch.Tensor, prior: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        raise AssertionError("nothing is to be predicted")


def counting() -> Callable[[Request], str]:
    numbers = itertools.count()
    return lambda request: f" take part {next(numbers)}"


def propose(
    ape: Ape,
    pool: Pool,
    black_box: ScriptedBlackBox,
    writer: ScriptedBlackBox | None = None,
    evaluator: Evaluator | None = None,
) -> Proposal:
    context = make_context(black_box, HashingWhiteBox(), EXAMPLES, proposer=writer, evaluator=evaluator)
    return ape.propose(pool, Nobody(), context)


def shown(request: Request) -> frozenset[str]:
    return frozenset(line for line in request.prompt.splitlines() if line.startswith("Input:"))


def test_each_proposal_is_a_guess_behind_five_demonstrations_of_its_own() -> None:
    box = ScriptedBlackBox(counting())
    proposal = propose(Ape(per_iteration=6), POOL, box)
    assert [candidate.text for candidate in proposal.candidates] == [f"Take part {number}." for number in range(6)]
    assert {candidate.origin for candidate in proposal.candidates} == {"resample"}
    assert {(request.temperature, request.max_tokens) for request in box.requests} == {(0.9, 50)}
    assert all(request.prompt.endswith("The instruction was to") for request in box.requests)
    assert {len(shown(request)) for request in box.requests} == {5}
    assert len({shown(request) for request in box.requests}) > 1
    assert len({request.seed for request in box.requests}) == 6


PAPER = yaml.safe_load((CONFIGS / "methods" / "ape_paper.yaml").read_text())["strategy"]["init_args"]


def test_the_paper_has_three_sets_of_demonstrations_and_thirty_proposals_each() -> None:
    box, pool, ape = ScriptedBlackBox(counting()), POOL, Ape(**PAPER)
    sets: list[frozenset[str]] = []
    for iteration in (1, 2, 3):
        proposal = propose(ape, pool, box)
        assert len(proposal.candidates) == ape.requirements.choose == 30
        prompts = {shown(request) for request in box.requests[-30:]}
        assert len(prompts) == 1
        sets += prompts
        pool += [row(candidate.text, 0.1, iteration, candidate.origin) for candidate in proposal.candidates]
    assert len(set(sets)) == 3
    assert propose(ape, pool, box) == Proposal((), 0, 0)
    assert len(box.requests) == 90


def test_the_papers_request_is_about_a_friend_and_draws_from_nine_tenths_of_the_probability() -> None:
    box = ScriptedBlackBox(counting())
    propose(Ape(**PAPER), POOL, box)
    assert {(request.temperature, request.top_p, request.max_tokens) for request in box.requests} == {(0.9, 0.9, 50)}
    first, *_ = box.requests[0].prompt.splitlines()
    assert "friend" in first
    assert "5 inputs" in first
    assert box.requests[0].prompt.endswith("\n\nThe instruction was to")


def test_a_wording_of_ones_own_takes_the_place_of_ours() -> None:
    box = ScriptedBlackBox(counting())
    propose(Ape(template="{demonstrations}\nThe rule:"), POOL, box)
    assert box.requests[0].prompt.endswith("\nThe rule:")
    with pytest.raises(ValueError, match=r"Expected a template with \{demonstrations\} but got 'Guess.'"):
        Ape(template="Guess.")


def test_duplicates_known_texts_and_what_the_filter_rejects_are_dropped() -> None:
    replies = itertools.cycle([" copy it", " sort it", "Sort it. ", " stop", "turn word1 into 1drow", " sort words"])
    proposal = propose(Ape(per_iteration=6), POOL, ScriptedBlackBox(lambda request: next(replies)))
    assert [candidate.text for candidate in proposal.candidates] == ["Sort it.", "Sort words."]
    assert (proposal.written, proposal.distinct) == (6, 2)


def test_it_asks_again_for_something_new_and_gives_up_after_its_attempts() -> None:
    replies: Iterator[str | CallFailure] = iter([" copy it", CallFailure("no", kind="refused"), " sort it"])
    box = ScriptedBlackBox(lambda request: next(replies))
    assert [candidate.text for candidate in propose(Ape(), POOL, box).candidates] == ["Sort it."]
    assert len({request.seed for request in box.requests}) == 3
    box = ScriptedBlackBox(lambda request: "copy it")
    assert propose(Ape(attempts=4), POOL, box) == Proposal((), 4, 0)


def test_iterative_paraphrases_the_best_once_all_sets_are_proposed() -> None:
    ape, box = Ape(variant="iterative", sets=2, per_iteration=2), ScriptedBlackBox(counting())
    assert [candidate.origin for candidate in propose(ape, POOL, box).candidates] == ["resample"] * 2
    pool = Pool((*POOL, row("Take this.", 0.75, 1, "resample"), row("Take that.", 0.5, 1, "resample")))
    [first, second] = propose(ape, pool, box).candidates
    assert {(each.origin, each.parent) for each in (first, second)} == {("paraphrase", "Take this.")}
    assert all("Take this." in request.prompt for request in box.requests[-2:])


def trying(box: ScriptedBlackBox) -> Evaluator:
    """Evaluation by the number of the part, so that later proposals are better."""
    return Evaluator(box, EXAMPLES, lambda answer, outputs: int(answer) / 100, EvaluationConfig())


def number_of(request: Request) -> str:
    return request.prompt.split("ake part ")[1].split(".")[0]


def test_ucb_scores_none_but_the_winner_of_the_trials() -> None:
    box, task = ScriptedBlackBox(counting()), ScriptedBlackBox(number_of)
    ape = Ape(variant="ucb", trials=BanditSelection(proposals=6, rounds=2, share=0.5, examples=4))
    proposal = propose(ape, POOL, task, box, trying(task))
    assert [candidate.text for candidate in proposal.candidates] == ["Take part 5."]
    assert (proposal.written, proposal.distinct) == (6, 6)
    assert (len(box.requests), len(task.requests)) == (6, 2 * 3 * 4)
    assert ape.requirements.trial_calls >= len(task.requests)


def test_ucb_of_the_paper_is_one_iteration_of_ninety_proposals_and_twenty_rounds() -> None:
    published = yaml.safe_load((CONFIGS / "methods" / "ape_ucb_paper.yaml").read_text())["strategy"]["init_args"]
    ape = Ape(**published | {"trials": BanditSelection(**published["trials"])})
    box, task = ScriptedBlackBox(counting()), ScriptedBlackBox(number_of)
    proposal = propose(ape, POOL, task, box, trying(task))
    assert len(proposal.candidates) == 1
    assert (len(box.requests), len({shown(request) for request in box.requests})) == (90, 3)
    assert len(ape.longest_requests(EXAMPLES, "a")) == 90
    assert (ape.requirements.choose, ape.requirements.trial_calls) == (1, 20 * 30 * 5)
    assert propose(ape, Pool((*POOL, row("Take part 89.", 0.9, 1))), task, box, trying(task)) == Proposal((), 0, 0)


def test_a_search_with_ucb_asks_no_more_than_its_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [
        "fit", "--task.name=second_letter", "--strategy=duet.strategies.ape.Ape", "--strategy.init_args.variant=ucb",
        "--strategy.init_args.trials.proposals=6", "--black_box=duet.models.fakes.HashingBlackBox",
        "--search.iterations=2",
        "--search.threshold=1.1", "--search.initialisation.count=4", "--search.allocation.kind=fixed",
        "--search.allocation.examples=10", "--run_dir=run",
    ]  # fmt: skip
    assert cli.main([*command, "--dry_run"]) == 0
    [most] = [line for line in capfd.readouterr().out.splitlines() if line.startswith("Together: ")]
    assert cli.main(command) == 0
    result = json.loads(Path("run/result.json").read_text())
    assert len(Path("run/candidates.jsonl").read_text().splitlines()) == 4 + 2
    written, tests = 2 * 6, result["n_test"]
    assert result["calls"] > 4 + 4 * 10 + written + 2 * 10 + tests
    assert result["calls"] <= int(most.removeprefix("Together: ").split(" calls")[0].replace(",", ""))


def test_the_black_box_for_writing_is_asked_where_there_is_one() -> None:
    task, writer = ScriptedBlackBox({}), ScriptedBlackBox(counting())
    assert propose(Ape(), POOL, task, writer).candidates
    assert (len(task.requests), len(writer.requests)) == (0, 1)


def test_the_longest_requests_are_as_many_and_as_long_as_they_can_be() -> None:
    assert len(Ape(per_iteration=2, attempts=3).longest_requests(EXAMPLES, "a" * 400)) == 6
    assert len(Ape(**PAPER).longest_requests(EXAMPLES, "a" * 400)) == 30
    [each] = Ape(variant="iterative", sets=1, attempts=1).longest_requests(EXAMPLES, "a" * 400)
    assert "a" * 400 in each.prompt


@pytest.mark.parametrize("name", ["per_iteration", "per_set", "demonstrations", "max_new_tokens", "attempts"])
def test_numbers_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"Expected {name} of at least 1 but got 0"):
        Ape(**{name: 0})  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"sets": 0}, {"variant": "iterative"}, {"top_p": 0.0}, {"top_p": 1.1}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Expected (sets|top_p)"):
        Ape(**wrong)
