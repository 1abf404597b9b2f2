from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from datamodules.pool import Candidate, Observation, Pool
from llms.fakes import HashingWhiteBox
from search.guards import canonical
from search.proposals import Writer, continuation_plans, global_plans, leaders, local_plans
from search.soft_prompts import SoftPrompts
from tasks.example import Example

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


def row(text: str, score: float, latent: tuple[float, ...] | None = None) -> Observation:
    return Observation(Candidate(text, "initial", latent=latent), 0, (score,), ("x",))


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
