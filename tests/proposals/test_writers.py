from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from duet.models.base import NOT_SENT, CallFailure, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.prompts import induction_prompt, paraphrase_request
from duet.proposals.black_box_writer import BlackBoxWriter
from duet.proposals.instruction_filter import canonical
from duet.proposals.soft_prompts import SoftPrompts
from duet.proposals.writers import (
    Writer,
    continuation_plans,
    global_plans,
    leaders,
    local_plans,
    paraphrase_plans,
    parents,
    resample_plans,
)
from duet.tasks.example import Example

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
SPACE = SoftPrompts(tokens=2, intrinsic_dimension=3)


class NotingWhiteBox(HashingWhiteBox):
    """Notes how it was asked to write."""

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


def write(one: Writer, plans: list[Candidate], seed: int = 0) -> tuple[list[Candidate], NotingWhiteBox]:
    box = NotingWhiteBox()
    return one.write(plans, EXAMPLES, box, random.Random(seed)), box


def test_the_best_lead_and_ties_go_to_the_shorter_text_then_the_alphabet() -> None:
    pool = Pool((row("Longer one.", 0.5), row("B one.", 0.5), row("A one.", 0.5), row("Best one.", 1.0)))
    assert [one.text for one in leaders(pool, 3)] == ["Best one.", "A one.", "B one."]
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
    found = ["Best one.", "First letter.", "Broken off, unlike the others."]
    assert [one.text for one in parents(pool, 5)] == found
    assert [one.text for one in parents(pool, 2)] == found[:2]
    assert parents(Pool(), 5) == []


def test_global_plans_take_the_next_points_of_the_sequence() -> None:
    points = [one.latent for iteration in range(3) for one in global_plans(SPACE, 8, iteration)]
    assert points == [tuple(point) for point in SPACE.global_points(24, 0).tolist()]
    assert len(set(points)) == 24


def test_local_plans_stay_near_the_leaders_in_turn() -> None:
    best = [row("A b.", 1.0, (0.2, 0.3, 0.4)), row("C d.", 0.5)]
    plans = local_plans(SPACE, best, 5, 0.01, torch.Generator().manual_seed(0))
    assert [one.parent for one in plans] == ["A b.", "C d.", "A b.", "C d.", "A b."]
    for plan, centre in zip(plans, [(0.2, 0.3, 0.4), (0.5, 0.5, 0.5)] * 2, strict=False):
        np.testing.assert_allclose(plan.latent or (), centre, atol=0.05)
    assert len({one.latent for one in plans}) == 5


def test_continuations_begin_with_the_leaders_first_words() -> None:
    best = [row("Write the last letter of it.", 1.0), row("Go.", 0.5)]
    plans = continuation_plans(SPACE, best, 40, random.Random(0))
    kept = {one.text for one in plans if one.parent == best[0].text}
    words = ["write", "the", "last", "letter", "of", "it"]
    assert kept == {" ".join(words[:n]) for n in range(1, 6)}
    assert {one.text for one in plans if one.parent == "Go."} == {"go"}
    assert all(len(one.latent or ()) == 3 and all(0 <= x <= 1 for x in one.latent or ()) for one in plans)


def test_without_leaders_there_are_no_local_plans() -> None:
    assert local_plans(SPACE, [], 5, 0.1, torch.Generator()) == []
    assert continuation_plans(SPACE, [], 5, random.Random(0)) == []


def test_each_plan_is_written_with_demonstrations_and_a_seed_of_its_own() -> None:
    plans = global_plans(SPACE, 16, 0)
    written, box = write(writer(), plans)
    assert len(set(box.prompts)) == len(set(box.options["seeds"])) == 16
    assert all(one.endswith("\n\nThe instruction was to") and one.count("Input: ") == 3 for one in box.prompts)
    assert (box.options["temperature"], box.options["max_new_tokens"]) == (1.0, 20)
    assert [(one.origin, one.latent) for one in written] == [(one.origin, one.latent) for one in plans]
    assert all(one.text == canonical(one.text) != "" for one in written)


def test_shared_demonstrations_are_the_same_for_all() -> None:
    _, box = write(writer(fresh_demonstrations=False), global_plans(SPACE, 6, 0))
    assert len(set(box.prompts)) == 1


def test_the_soft_prompts_are_those_of_the_points() -> None:
    plans = global_plans(SPACE, 4, 0)
    _, box = write(writer(position="suffix"), plans)
    points = SPACE.global_points(4, 0)
    torch.testing.assert_close(box.options["soft_prompts"], SPACE.vectors(points, 8))
    assert box.options["soft_prompt_position"] == "suffix"
    _, box = write(writer(soft_prompts=None), plans)
    assert box.options["soft_prompts"] is None


def test_a_beginning_is_continued_and_stands_in_the_text() -> None:
    plan = Candidate("write the {last} \\1", "continuation", parent="Write it.", latent=(0.0, 0.0, 0.0))
    [one], box = write(writer(), [plan])
    assert box.prompts[0].endswith("The instruction was to write the {last} \\1")
    assert one.text.startswith("Write the {last} \\1 ")
    assert (one.parent, one.origin) == ("Write it.", "continuation")


def test_the_generator_decides() -> None:
    plans = global_plans(SPACE, 8, 0)
    first, again, other = (write(writer(), plans, seed)[0] for seed in (0, 0, 1))
    assert first == again != other


BEST = [row("Write the last letter of it.", 1.0), row("Copy it.", 0.5)]
ASKED_PLANS = [*paraphrase_plans(BEST, 3), *resample_plans(2)]


def ask(answer: str | CallFailure, seed: int = 0) -> tuple[list[Candidate], list[Request]]:
    box = ScriptedBlackBox(lambda request: answer)
    written = BlackBoxWriter(demonstrations=3, temperature=0.7, max_tokens=30).write(
        ASKED_PLANS, EXAMPLES, box, random.Random(seed)
    )
    return written, box.asked


def test_leaders_are_paraphrased_in_turn() -> None:
    assert [(one.origin, one.parent) for one in ASKED_PLANS] == [
        ("paraphrase", BEST[0].text), ("paraphrase", BEST[1].text), ("paraphrase", BEST[0].text),
        ("resample", None), ("resample", None),
    ]  # fmt: skip
    assert paraphrase_plans([], 3) == []


def test_a_black_box_is_asked_once_for_all_each_with_a_seed_of_its_own() -> None:
    written, asked = ask("The instruction was to say it.")
    assert [one.prompt for one in asked[:3]] == [paraphrase_request(plan.parent or "") for plan in ASKED_PLANS[:3]]
    assert all(one.prompt.endswith("\n\nThe instruction was to") for one in asked[3:])
    assert asked[3].prompt != asked[4].prompt
    assert len({one.seed for one in asked}) == 5
    assert {(one.temperature, one.max_tokens) for one in asked} == {(0.7, 30)}
    assert [(one.origin, one.parent) for one in written] == [(one.origin, one.parent) for one in ASKED_PLANS]
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
    assert {one.text for one in ask(reply)[0]} == {text}


def test_a_failed_call_is_no_candidate() -> None:
    refusal = CallFailure("I can't", kind="refused")
    answers: Iterator[str | CallFailure] = iter([CallFailure("busy"), "say it", NOT_SENT, "spell it", refusal])
    box = ScriptedBlackBox(lambda request: next(answers))
    written = BlackBoxWriter(3, 0.7, 30).write(ASKED_PLANS, EXAMPLES, box, random.Random(0))
    assert [(one.text, one.parent) for one in written] == [("Say it.", "Copy it."), ("Spell it.", None)]


def test_that_nothing_came_is_said_where_it_is_not_the_models_doing() -> None:
    with pytest.raises(ProviderError, match=r"No instruction came \(busy\)"):
        ask(CallFailure("busy"))
    with pytest.raises(BudgetSpent, match="The time was up before an instruction came"):
        ask(NOT_SENT)
    assert ask(CallFailure("I can't", kind="refused"))[0] == []


def test_nothing_to_write_asks_nothing() -> None:
    box = ScriptedBlackBox({})
    assert BlackBoxWriter(3, 1.0, 30).write([], EXAMPLES, box, random.Random(0)) == []
    assert box.asked == []


def test_the_longest_requests_show_the_longest_demonstrations() -> None:
    examples = [Example("a", ("b",)), Example("a" * 50, ("b",)), Example("ä" * 40, ("b",))]
    longest = BlackBoxWriter(2, 1.0, 30).longest_requests(ASKED_PLANS, examples, "x" * 400)
    assert [one.prompt for one in longest[3:]] == [induction_prompt([examples[2], examples[1]])] * 2
    assert [one.prompt for one in longest[:3]] == [paraphrase_request("x" * 400)] * 3
