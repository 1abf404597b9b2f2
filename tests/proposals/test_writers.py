from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from duet.examples.example import Example
from duet.models.base import NOT_SENT, CallFailure, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import induction_prompt, paraphrase_request
from duet.proposals.black_box_writer import BlackBoxWriter
from duet.proposals.instruction_filter import canonical
from duet.proposals.proposal_spec import ProposalSpec
from duet.proposals.soft_prompts import SoftPrompts
from duet.proposals.writers import (
    Writer,
    continuation_specs,
    global_specs,
    leaders,
    local_specs,
    paraphrase_specs,
    parents,
    resample_specs,
)

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
SPACE = SoftPrompts(tokens=2, intrinsic_dimension=3)


class NotingWhiteBox(HashingWhiteBox):
    """Keeps its requests."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[str] = []
        self.options: dict[str, Any] = {}

    def generate(self, prompts: Any, **options: Any) -> list[str]:
        self.prompts, self.options = list(prompts), options
        return [" " + text for text in super().generate(prompts, **options)]


def row(text: str, score: float, latent: tuple[float, ...] | None = None) -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, "initial", latent=latent), 0, (score,), ("x",))


def writer(**options: Any) -> Writer:
    defaults = {"soft_prompts": SPACE, "position": "prefix", "demonstrations": 3, "temperature": 1.0}
    return Writer(**{**defaults, "max_new_tokens": 20, **options})


def write(each: Writer, specs: list[ProposalSpec], seed: int = 0) -> tuple[list[Candidate], NotingWhiteBox]:
    box = NotingWhiteBox()
    return each.write(specs, EXAMPLES, box, random.Random(seed)), box


def test_the_best_lead_and_ties_go_to_the_earlier() -> None:
    pool = Pool((row("Longer one.", 0.5), row("B one.", 0.5), row("A one.", 0.5), row("Best one.", 1.0)))
    assert [each.text for each in leaders(pool, 3)] == ["Best one.", "Longer one.", "B one."]
    assert len(leaders(pool, 99)) == 4
    assert leaders(pool, 1)[0] == pool.best()


def answering(text: str, score: float, *outputs: str) -> ScoredInstruction:
    return ScoredInstruction(Candidate(text, "initial"), 0, (score,) * len(outputs), outputs)


def test_parents_are_the_best_that_do_different_things() -> None:
    pool = Pool((
        answering("Copy the first letter.", 0.5, "a", "b", "c"),
        answering("First letter.", 0.5, "a", "b", "c"),
        answering("Best one.", 1.0, "a", "b", "d"),
        answering("Broken off, like the best.", 0.25, "a", "b"),
        answering("Broken off, unlike the others.", 0.0, "a", "x"),
    ))  # fmt: skip
    found = ["Best one.", "Copy the first letter.", "Broken off, unlike the others."]
    assert [each.text for each in parents(pool, 5)] == found
    assert [each.text for each in parents(pool, 2)] == found[:2]
    assert parents(Pool(), 5) == []


def test_global_specs_take_the_next_points_of_the_sequence() -> None:
    points = [each.latent for iteration in range(3) for each in global_specs(SPACE, 8, iteration)]
    assert points == [tuple(point) for point in SPACE.global_points(24, 0).tolist()]
    assert len(set(points)) == 24


def test_local_specs_stay_near_the_leaders_in_turn() -> None:
    best = [row("A b.", 1.0, (0.2, 0.3, 0.4)), row("C d.", 0.5)]
    specs = local_specs(SPACE, best, 5, 0.01, torch.Generator().manual_seed(0))
    assert [each.parent for each in specs] == ["A b.", "C d.", "A b.", "C d.", "A b."]
    for spec, centre in zip(specs, [(0.2, 0.3, 0.4), (0.5, 0.5, 0.5)] * 2, strict=False):
        np.testing.assert_allclose(spec.latent or (), centre, atol=0.05)
    assert len({each.latent for each in specs}) == 5


def test_continuations_begin_with_the_leaders_first_words() -> None:
    best = [row("Write the last letter of it.", 1.0), row("Go.", 0.5)]
    specs = continuation_specs(SPACE, best, 40, random.Random(0))
    kept = {each.beginning for each in specs if each.parent == best[0].text}
    words = ["write", "the", "last", "letter", "of", "it"]
    assert kept == {" ".join(words[:n]) for n in range(1, 6)}
    assert {each.beginning for each in specs if each.parent == "Go."} == {"go"}
    assert all(len(each.latent or ()) == 3 and all(0 <= x <= 1 for x in each.latent or ()) for each in specs)


def test_without_leaders_there_are_no_local_specs() -> None:
    assert local_specs(SPACE, [], 5, 0.1, torch.Generator()) == []
    assert continuation_specs(SPACE, [], 5, random.Random(0)) == []


def test_each_spec_is_written_with_demonstrations_and_a_seed_of_its_own() -> None:
    specs = global_specs(SPACE, 16, 0)
    written, box = write(writer(), specs)
    assert len(set(box.prompts)) == len(set(box.options["seeds"])) == 16
    assert all(each.endswith("\n\nThe instruction was to") and each.count("Input: ") == 3 for each in box.prompts)
    assert (box.options["temperature"], box.options["max_new_tokens"]) == (1.0, 20)
    assert [(each.origin, each.latent) for each in written] == [(each.origin, each.latent) for each in specs]
    assert all(each.text == canonical(each.text) != "" for each in written)


def test_shared_demonstrations_are_the_same_for_all() -> None:
    _, box = write(writer(fresh_demonstrations=False), global_specs(SPACE, 6, 0))
    assert len(set(box.prompts)) == 1


def test_the_soft_prompts_are_those_of_the_points() -> None:
    specs = global_specs(SPACE, 4, 0)
    _, box = write(writer(position="suffix"), specs)
    points = SPACE.global_points(4, 0)
    torch.testing.assert_close(box.options["soft_prompts"], SPACE.vectors(points, 8))
    assert box.options["soft_prompt_position"] == "suffix"
    _, box = write(writer(soft_prompts=None), specs)
    assert box.options["soft_prompts"] is None


def test_a_beginning_is_continued_and_stands_in_the_text() -> None:
    spec = ProposalSpec("continuation", "Write it.", "write the {last} \\1", (0.0, 0.0, 0.0))
    [each], box = write(writer(), [spec])
    assert box.prompts[0].endswith("The instruction was to write the {last} \\1")
    assert each.text.startswith("Write the {last} \\1 ")
    assert (each.parent, each.origin) == ("Write it.", "continuation")


def test_the_generator_decides() -> None:
    specs = global_specs(SPACE, 8, 0)
    first, again, other = (write(writer(), specs, seed)[0] for seed in (0, 0, 1))
    assert first == again != other


BEST = [row("Write the last letter of it.", 1.0), row("Copy it.", 0.5)]
SPECS = [*paraphrase_specs(BEST, 3), *resample_specs(2)]


def ask(answer: str | CallFailure, seed: int = 0) -> tuple[list[Candidate], list[Request]]:
    box = ScriptedBlackBox(lambda request: answer)
    written = BlackBoxWriter(demonstrations=3, temperature=0.7, max_tokens=30).write(
        SPECS, EXAMPLES, box, random.Random(seed)
    )
    return written, box.requests


def test_leaders_are_paraphrased_in_turn() -> None:
    assert [(each.origin, each.parent) for each in SPECS] == [
        ("paraphrase", BEST[0].text), ("paraphrase", BEST[1].text), ("paraphrase", BEST[0].text),
        ("resample", None), ("resample", None),
    ]  # fmt: skip
    assert paraphrase_specs([], 3) == []


def test_a_black_box_is_asked_once_for_all_each_with_a_seed_of_its_own() -> None:
    written, requests = ask("The instruction was to say it.")
    assert [each.prompt for each in requests[:3]] == [paraphrase_request(spec.parent or "") for spec in SPECS[:3]]
    assert all(each.prompt.endswith("\n\nThe instruction was to") for each in requests[3:])
    assert requests[3].prompt != requests[4].prompt
    assert len({each.seed for each in requests}) == 5
    assert {(each.temperature, each.max_tokens) for each in requests} == {(0.7, 30)}
    assert [(each.origin, each.parent) for each in written] == [(each.origin, each.parent) for each in SPECS]
    assert ask("x")[1] == ask("x")[1] != ask("x", seed=1)[1]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("say it backwards\nInput: cat", "Say it backwards."),
        ("Sure, here is one:\n\nThe instruction was to **say** it backwards", "Say it backwards."),
        ('"The instruction was to say {it} backwards."', "Say {it} backwards."),
        ("", ""),
    ],
)
def test_what_stands_around_an_instruction_is_dropped(reply: str, text: str) -> None:
    assert {each.text for each in ask(reply)[0]} == {text}


def test_a_failed_call_is_no_candidate() -> None:
    refusal = CallFailure("I can't", kind="refused")
    answers: Iterator[str | CallFailure] = iter([CallFailure("busy"), "say it", NOT_SENT, "spell it", refusal])
    box = ScriptedBlackBox(lambda request: next(answers))
    written = BlackBoxWriter(3, 0.7, 30).write(SPECS, EXAMPLES, box, random.Random(0))
    assert [(each.text, each.parent) for each in written] == [("Say it.", "Copy it."), ("Spell it.", None)]


def test_that_nothing_came_is_said_where_it_is_not_the_models_doing() -> None:
    with pytest.raises(ProviderError, match=r"No instruction arrived \(busy\)"):
        ask(CallFailure("busy"))
    with pytest.raises(BudgetSpent, match="Time ran out before any instruction arrived"):
        ask(NOT_SENT)
    assert ask(CallFailure("I can't", kind="refused"))[0] == []


def test_nothing_to_write_asks_nothing() -> None:
    box = ScriptedBlackBox({})
    assert BlackBoxWriter(3, 1.0, 30).write([], EXAMPLES, box, random.Random(0)) == []
    assert box.requests == []


def test_the_longest_requests_show_the_longest_demonstrations() -> None:
    examples = [Example("a", ("b",)), Example("a" * 50, ("b",)), Example("ä" * 40, ("b",))]
    longest = BlackBoxWriter(2, 1.0, 30).longest_requests(SPECS, examples, "x" * 400)
    assert [each.prompt for each in longest[3:]] == [induction_prompt([examples[2], examples[1]])] * 2
    assert [each.prompt for each in longest[:3]] == [paraphrase_request("x" * 400)] * 3


def test_a_set_of_candidates_sees_the_same_demonstrations_and_templates_take_the_place_of_ours() -> None:
    box = ScriptedBlackBox(lambda request: "say it")
    own = BlackBoxWriter(3, 0.9, 30, 2, True, 0.9, "{count} friends:\n{demonstrations}\nSo?", "Say {instruction} anew.")
    own.write([*resample_specs(4), *paraphrase_specs(BEST, 1)], EXAMPLES, box, random.Random(0))
    first, second, third, fourth, fifth = (request.prompt for request in box.requests)
    assert first == second != third == fourth
    assert first.startswith("3 friends:\nInput: ")
    assert fifth == "Say Write the last letter of it. anew."
    assert {request.top_p for request in box.requests} == {0.9}
