"""Explains what was wrong with the task model's answers, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from duet.models.errors import ProviderError
from duet.pool import Pool

UNANSWERED = ("rejected", "refused", "filtered", "tool_calls", "too_long")
WORTH_SAYING = 0.05  # of the answers
ENOUGH_ANSWERS = 20  # before a running search warns: a few wrong answers in a row are no news


def count_answers(pool: Pool) -> int:
    """Returns how many answers were scored."""
    return sum(row.n for row in pool)


def problem_counts(pool: Pool) -> dict[str, int]:
    """Returns how many answers were cut, empty, refused and so on; nothing for what did not happen."""
    return dict(Counter(problem for row in pool for problem in row.problems if problem))


def require_answers(pool: Pool, most: float, left_out: Mapping[str, int] = {}, n_left_out: int = 0) -> None:
    """Stops a run whose model does not answer.

    Args:
        pool: all scored instructions.
        most: the share of their answers that may be missing.
        left_out: problems of answers that are in no row any more.
        n_left_out: how many such answers there are.

    Raises:
        ProviderError: more than this share of the answers can never come.
    """
    counts, total = Counter(problem_counts(pool)) + Counter(left_out), n_left_out + count_answers(pool)
    missing = {kind: counts[kind] for kind in UNANSWERED if counts.get(kind)}
    if sum(missing.values()) > most * total:
        listed = ", ".join(f"{count} {kind}" for kind, count in missing.items())
        raise ProviderError(
            f"{sum(missing.values())} of {total} answers will never arrive ({listed}): check the model, the prompt and "
            "the examples, or raise search.evaluation.max_unanswered"
        )


def warnings_of(pool: Pool, max_tokens: int) -> list[str]:
    """A line for each thing that makes scores worth less than they look, with what to do."""
    return list(_warnings(pool, max_tokens))


def _warnings(pool: Pool, max_tokens: int) -> Iterator[str]:
    counts, total = problem_counts(pool), count_answers(pool)
    if not any(score for row in pool for score in row.scores):
        yield (
            f"Every score is 0 after {total} answers: look at the answers in candidates.jsonl; does the metric compare "
            "what the model says (task.metric, task.answer.extract)?"
        )
    if counts.get("cut", 0) > WORTH_SAYING * total:
        yield (
            f"{counts['cut']} of {total} answers were cut at {max_tokens} tokens: raise search.evaluation.max_tokens"
        )
    if counts.get("empty", 0) > WORTH_SAYING * total:
        yield (
            f"{counts['empty']} of {total} answers were empty: a reasoning model needs more tokens "
            "(black_box.init_args.reasoning_tokens), other models a prompt that requests an answer"
        )
    for kind in (*UNANSWERED, "not judged"):
        if counts.get(kind):
            yield f"{counts[kind]} of {total} answers are {kind.replace('_', ' ')} and count as wrong"
