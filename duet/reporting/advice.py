"""Says what a reader should know before trusting a run's scores, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from duet.reporting.paired import compare_paired
from duet.reporting.runs import Run

TROUBLES = {
    "cut": "answers were cut at the token limit and scored as they were; raise the limit on answer tokens",
    "empty": "answers were empty; for a reasoning model raise the limit on answer tokens, which its reasoning uses up",
    "refused": "answers were refusals, listed below; reword the task or choose another model",
    "filtered": "answers were blocked by the provider's content filter, listed below",
    "failed": "calls failed for good; see the run's log for the reasons, and run the same command to retry",
}


def warnings(run: Run) -> list[str]:
    """The run's own warnings, then what its counts say."""
    result = run.result
    own = [text for text in result.warnings if text]
    known = " ".join(own).casefold()
    counted = [
        f"{result.answers[name]:,} {advice}."
        for name, advice in TROUBLES.items()
        if result.answers.get(name) and name not in known
    ]
    return [*own, *counted, *_doubts(run)]


def shared_warnings(runs: Sequence[Run]) -> list[str]:
    """The warnings of all runs, each with the run that it concerns, or with how many runs it concerns."""
    concerned: dict[str, list[Run]] = {}
    for run in runs:
        for line in warnings(run):
            concerned.setdefault(line, []).append(run)
    return [
        f"{found[0].task}, {found[0].label}, seed {found[0].result.seed}: {line}"
        if len(found) == 1
        else f"{len(found)} runs: {line}"
        for line, found in concerned.items()
    ]


def _doubts(run: Run) -> list[str]:
    result = run.result
    doubts = []
    if not run.is_finished:
        doubts.append("The run has not finished: these are its scores so far. The same fit command resumes it.")
    if run.scored and max(scored.score for scored in run.scored) == 0:
        doubts.append(
            "No instruction scored above 0. Look at the answers below, then at the metric and at what it extracts."
        )
    if result.test_score is not None and (result.initial_best_test_score or 0) > result.test_score:
        doubts.append(_start_scores_higher(run))
    return doubts


def _start_scores_higher(run: Run) -> str:
    """What a start with a higher test score means: on few examples that may be chance."""
    pairs = run.test_pairs
    if pairs and not compare_paired(*zip(*pairs, strict=True)).is_clear:
        return (
            "On the test examples the start scores slightly higher than the best instruction; that may be chance, but "
            "nothing shows that the search improved on it."
        )
    return (
        "On the test examples the start scores higher than the best instruction, which was chosen by its validation "
        "score. Take the start, or search with more validation examples."
    )
