from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

import pytest

from duet.examples.example import Example
from duet.models.base import NOT_SENT, CallFailure, Completion, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.pool import Candidate, ScoredInstruction
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.list_writer import ListWriter, Material, failures_of, listed_instructions, sizes

SHOWN = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
SCORED = [Example(f"scored{number}", (f"{number}derocs",)) for number in range(6)]
WRITER = ListWriter(demonstrations=3, temperature=1.0, max_tokens=50, per_request=8, failures=2)
NOTHING = {"reflection": 0, "paraphrase": 0, "resample": 0}


def row(text: str, *scores: float) -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, "initial"), 0, scores, tuple(f"answer{n}" for n in range(len(scores))))


LEADERS = [row("Turn it round.", 1, 0, 0.5, 1), row("Copy it.", 0, 0, 0, 1), row("Say it.", 0, 0, 0, 0)]


def listing(request: Request) -> str:
    """As many as are requested, and two more."""
    found = re.search(r"(\d+) distinct", request.prompt)
    assert found is not None
    return "\n".join(f"{n}. The instruction was to do {request.seed} {n}." for n in range(int(found[1]) + 2))


def write(
    counts: dict[str, int],
    answer: Callable[[Request], str | CallFailure] = listing,
    *,
    leaders: Sequence[ScoredInstruction] = LEADERS,
    seed: int = 0,
) -> tuple[list[Candidate], list[Request]]:
    box = ScriptedBlackBox(answer)
    material = Material(leaders, SHOWN, SCORED)
    return WRITER.write(NOTHING | counts, material, box, random.Random(seed)), box.requests


def test_a_call_brings_several_instructions_and_no_more_than_were_requested() -> None:
    written, requests = write({"reflection": 8, "paraphrase": 8, "resample": 8})
    assert len(requests) == 3
    assert [entry.origin for entry in written] == ["reflection"] * 8 + ["paraphrase"] * 8 + ["resample"] * 8
    assert len({entry.text for entry in written}) == 24
    assert {request.max_tokens for request in requests} == {50 * 8}


def test_a_reflection_is_on_the_best_and_shows_only_what_it_got_wrong() -> None:
    for seed in range(9):
        written, [request] = write({"reflection": 4}, seed=seed)
        assert {entry.parent for entry in written} == {"Turn it round."}
        assert "Input: scored1\nAnswer: answer1\nExpected: 1derocs" in request.prompt
        assert "Input: scored2\nAnswer: answer2\nExpected: 2derocs" in request.prompt
        assert "scored0" not in request.prompt
        assert "scored3" not in request.prompt


def test_the_failures_that_are_shown_are_drawn_by_the_seed() -> None:
    wrong = [row("Copy it.", 0, 0, 0, 0, 0, 0)]
    prompts = [write({"reflection": 1}, leaders=wrong, seed=seed)[1][0].prompt for seed in (1, *range(9))]
    assert prompts[0] == prompts[2]
    assert len(set(prompts)) > 4
    assert all(prompt.count("Expected:") == WRITER.failures for prompt in prompts)


def test_further_reflections_are_on_the_next_best_that_failed() -> None:
    written, requests = write({"reflection": 24}, leaders=[row("Perfect.", 1, 1), *LEADERS])
    assert len(requests) == 3
    assert list(dict.fromkeys(entry.parent for entry in written)) == [each.text for each in LEADERS]


def test_where_nothing_failed_a_reflection_is_other_words() -> None:
    written, _ = write({"reflection": 3}, leaders=[row("Perfect.", 1, 1)])
    assert [(entry.origin, entry.parent) for entry in written] == [("paraphrase", "Perfect.")] * 3


def test_paraphrases_are_of_all_leaders_in_turn() -> None:
    parents = {entry.parent for seed in range(20) for entry in write({"paraphrase": 2}, seed=seed)[0]}
    assert parents == {each.text for each in LEADERS}
    written, _ = write({"paraphrase": 24})
    assert {entry.parent for entry in written} == {each.text for each in LEADERS}


def test_new_ones_come_from_demonstrations_that_each_request_draws() -> None:
    written, requests = write({"resample": 16})
    assert {entry.parent for entry in written} == {None}
    assert all(sum(f"Input: {each.input}\n" in request.prompt for each in SHOWN) == 3 for request in requests)
    assert requests[0].prompt != requests[1].prompt
    assert not any("scored" in request.prompt for request in requests)


def test_nothing_is_sent_where_nothing_is_wanted() -> None:
    assert write({}) == ([], [])


def test_a_call_that_failed_takes_only_its_own_instructions() -> None:
    def flaky(request: Request) -> str | CallFailure:
        return CallFailure("busy") if "variations" in request.prompt else listing(request)

    written, _ = write({"reflection": 4, "paraphrase": 4}, flaky)
    assert [entry.origin for entry in written] == ["reflection"] * 4


@pytest.mark.parametrize(("failure", "error"), [(CallFailure("busy"), ProviderError), (NOT_SENT, BudgetSpent)])
def test_no_reply_at_all_is_said(failure: CallFailure, error: type[Exception]) -> None:
    with pytest.raises(error):
        write({"reflection": 4}, lambda _: failure)


def test_a_reply_that_was_cut_loses_its_last_instruction_only() -> None:
    reply = Completion("1. Sort the words.\n2. Order the words.\n3. Put the wo", 1, 1, cut=True)
    assert listed_instructions(reply, InstructionFilter()) == ["Sort the words.", "Order the words."]
    lines = Completion("Sort:\n- a\n---\nOrder:\n- b\n---\nPut", 1, 1, cut=True)
    assert listed_instructions(lines, InstructionFilter(several_lines=True)) == ["Sort:\n- a", "Order:\n- b"]


def test_requests_are_as_few_and_as_even_as_they_can_be() -> None:
    for count in range(40):
        parts = sizes(count, 8)
        assert sum(parts) == count
        assert len(parts) == (count + 7) // 8
        assert not parts or max(parts) - min(parts) <= 1


def test_failures_are_those_of_the_examples_that_are_known() -> None:
    found = failures_of(row("Do.", 0, 1, 0, 0, 0, 0, 0, 0), SCORED)  # scored on two more than are known here
    assert [each.example.input for each in found] == ["scored0", "scored2", "scored3", "scored4", "scored5"]


@pytest.mark.parametrize("length", [1, 500, 9_000])
@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}"])
def test_no_request_is_longer_than_the_longest(length: int, letter: str) -> None:
    shown = [Example(f"{n} {letter * (length + n)}", (f"{letter * n}.",)) for n in range(12)]
    counts = {"reflection": 17, "paraphrase": 9, "resample": 20}
    longest = letter * 400
    leaders = [ScoredInstruction(Candidate(longest, "initial"), 0, (0.0,) * 12, (letter * 999,) * 12)]
    bound = WRITER.longest_requests(counts, shown, shown, longest)
    for seed in range(5):
        box = ScriptedBlackBox(listing)
        WRITER.write(counts, Material(leaders, shown, shown), box, random.Random(seed))
        assert len(box.requests) == len(bound)
        for sent, most in zip(box.requests, bound, strict=True):
            assert len(sent.prompt.encode()) <= len(most.prompt.encode())
            assert sent.max_tokens == most.max_tokens
