"""Length as a second objective: the shortest instruction that is as good, as far as the scores can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from duet.commands.fit import summary
from duet.engine.shortest import lengths_of, shortest
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.reporting.records import Lengths

LONG = "Write the second word, exactly as it stands there."


def row(text: str, *scores: float, tokens: int = 0) -> ScoredInstruction:
    n = len(scores)
    return ScoredInstruction(Candidate(text, "initial"), 0, scores, ("",) * n, ("",) * n, (tokens,) * n)


def test_it_is_chosen_among_those_with_the_most_examples() -> None:
    long, good, bad = row(LONG, 1, 1, 1, 1, 0, 1), row("Second word.", 1, 1, 0, 1, 0, 1), row("Word.", 0, 0, 0, 1, 0, 0)
    assert shortest(Pool((long, good, bad, row("No.", 1, 1)))) is good
    assert shortest(Pool((long, bad))) is long


def test_tokens_count_where_the_provider_counts_them_all() -> None:
    """Here the text of more words is the one of fewer tokens."""
    long, good = row(LONG, 1, 1, 0, 1, tokens=30), row("Antidisestablishmentarianism?", 1, 1, 0, 1, tokens=40)
    assert shortest(Pool((long, good))) is long
    assert lengths_of(Pool((long, good)), good) == Lengths("prompt tokens", 40, 30)
    uncounted = replace(good, prompt_tokens=())
    assert shortest(Pool((long, uncounted))) is uncounted
    assert lengths_of(Pool((long, uncounted)), long) == Lengths("words", 9, 1)


def quality(instruction: str) -> float:
    return {LONG: 1.0, "Say a word.": 0.95}.get(instruction, 0.0)


def test_it_is_reported_and_on_demand_it_is_what_is_tested_and_written_out(run: Callable[..., Any]) -> None:
    first = (LONG, "Say a word.", "Copy the whole text.")
    for wanted in (False, True):
        done = run(quality, first=first, iterations=1, folder=f"{wanted}", shortest=wanted, threshold=0.1)
        best = done.result["best_instruction"]
        assert done.result["shortest_instruction"] == "Say a word."
        assert best == ("Say a word." if wanted else LONG)
        assert (done.folder / "best_instruction.txt").read_text() == f"{best}\n"
        lines = [line for line in summary(done.result, Path("report.html")) if "Within one standard error" in line]
        assert [line.partition(": ")[2] for line in lines] == ([] if wanted else ["Say a word."])
