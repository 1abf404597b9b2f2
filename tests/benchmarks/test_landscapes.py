"""The benchmark of searches over recorded rewards, in small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks.landscapes import Job, Landscape, Outcome, main, read_landscapes, search, shown, write_task
from benchmarks.offers import ReplayedWhiteBox, named, projected
from benchmarks.ways import WAYS, highest_posterior_mean
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Candidate, Pool, ScoredInstruction

WORDINGS = tuple(f"Take the {size} word and write {part} of it." for size in ("first", "second", "longest", "last")
                 for part in ("all", "half", "a letter", "two letters", "the end", "the middle"))  # fmt: skip
LANDSCAPE = Landscape("t", "m", WORDINGS, (0.9, *(0.02 * place for place in range(23))))


def test_a_landscape_with_room_is_read_and_one_without_is_not(tmp_path: Path) -> None:
    rows = [
        {"template": text, "accuracy": [accuracy, 0.5, None]}
        for text, accuracy in zip(WORDINGS, LANDSCAPE.accuracy, strict=True)
    ]
    rows.append({"template": "Unknown.", "accuracy": [None, 0.5, 1.0]})
    (tmp_path / "t.json").write_text(json.dumps({"models": ["m", "flat", "alone"], "instructions": rows}))
    flat = (0.5,) * len(WORDINGS)  # the only model that knows all wordings, and no relative
    assert read_landscapes(tmp_path) == [replace(LANDSCAPE, stranger=flat)]
    with pytest.raises(SystemExit, match=r"^--data: expected landscapes with room but found none in "):
        main(["--data", str(tmp_path), "--tasks", "other"])


@pytest.mark.parametrize(
    "name", ["halving, random choice", "fixed 20, random choice", "fixed 20, INSTINCT", "fixed 20, InstructZero"]
)
def test_the_programs_own_search_spends_the_calls(name: str, tmp_path: Path) -> None:
    write_task(tmp_path)
    found = search(Job(LANDSCAPE, WAYS[name], 100, 0), tmp_path)
    assert 0 <= found.share <= 1
    assert 90 <= found.calls <= 100
    assert found == search(Job(LANDSCAPE, WAYS[name], 100, 0), tmp_path)


def test_errors_are_over_landscapes_and_the_percentile_is_over_searches() -> None:
    table = {
        ("duet", 300): [
            [Outcome(0.9, 299, 0.2, False), Outcome(0.7, 299, -0.1, True)],
            [Outcome(0.6, 299, -0.1, True), Outcome(0.6, 299, 0.0, True)],
        ],
        ("other", 300): [
            [Outcome(0.5, 300, -0.1, True), Outcome(0.5, 300, -0.1, True)],
            [Outcome(0.5, 300, -0.1, False), Outcome(0.1, 300, -0.1, False)],
        ],
    }
    _, _, duet, other = shown(table, 300).splitlines()
    assert duet == "| duet | 0.700 ± 0.100 | 0.60 | 299 | +0.000 | 0.75 |  |"
    assert other == "| other | 0.400 ± 0.100 | 0.10 | 300 | -0.100 | 0.50 | -0.300 [-0.300, -0.300] |"


def test_a_soft_prompt_is_answered_with_a_wording_next_to_it() -> None:
    points = projected(NGramEncoder().encode(WORDINGS).states, 3)
    assert bool(((points > 0) & (points < 1)).all())
    names = tuple(named(WORDINGS))
    exact, near = (ReplayedWhiteBox(points, names, nearest) for nearest in (1, 3))
    soft_prompts = points[[5, 2]][:, None]
    assert exact.generate(["", ""], seeds=[0, 0], soft_prompts=soft_prompts) == [names[5], names[2]]
    written = {near.generate([""], seeds=[seed], soft_prompts=soft_prompts[:1])[0] for seed in range(30)}
    assert written == {names[place] for place in torch.cdist(points[5:6], points)[0].argsort()[:3].tolist()}


def test_the_two_final_choices_differ_where_a_short_score_is_lucky() -> None:
    rows = [(1.0,) * 5, (1.0,) * 5 + (1.0, 1.0, 1.0, 0.0) * 4, *[(1.0, 0.0, 1.0, 1.0, 0.0)] * 6]
    pool = Pool(tuple(ScoredInstruction(Candidate(str(i), "initial"), 0, row, ("",) * len(row))
                      for i, row in enumerate(rows)))  # fmt: skip
    assert (WAYS["duet"].choice(pool).text, highest_posterior_mean(pool).text) == ("1", "0")
