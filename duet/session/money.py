"""Prints what a run can cost at most, and refuses to start one that can cost money without a cap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from duet.amounts import usd
from duet.engine.estimate import Estimate, Part
from duet.engine.search import Search
from duet.spending.budget import Budget, Usage


def require_cap(search: Search) -> None:
    """Requires a cap if a call may cost money.

    Raises:
        ValueError: there is none; names the most that the run can cost.
    """
    if search.accounts.costs_money and not search.accounts.budget.caps_purchases:
        raise ValueError(
            f"search.budget: expected a cap, as this run can spend up to {figures(search.estimate())}; "
            "set search.budget.max_cost_usd, max_calls or max_tokens (in Python: budget=duet.Budget(max_cost_usd=2)), "
            "or start without a cap by --yes (in Python: uncapped=True)"
        )


def lines(search: Search) -> list[str]:
    """The dry run's report: each part by the model that answers it, the sum, the caps."""
    estimate = search.estimate()
    return [
        "Worst case, if every text is as long as allowed and no call is saved:",
        *_by_place(estimate.parts),
        f"Together: {figures(estimate)}",
        f"Likely: {likely(search)}",
        caps(search.accounts.budget),
    ]


def figures(estimate: Estimate) -> str:
    """Calls, tokens and dollars."""
    return f"{_usage(estimate.most)}, {usd(estimate.usd)}"


def likely(search: Search) -> str:
    """The calls, tokens and dollars that a search will likely have spent at its end."""
    found = search.likely()
    return f"{_usage(found.usage)}, {usd(found.usd)}"


def most(search: Search) -> str:
    """The caps, which hold whatever happens; without any, the worst case."""
    budget = search.accounts.budget
    return caps(budget) if budget.caps_purchases else f"At most {figures(search.estimate())}"


def caps(budget: Budget) -> str:
    """The caps in one line."""
    named = [f"{name} {value:,}" for name, value in vars(budget).items() if value is not None]
    return f"Caps: {', '.join(named)}" if named else "Caps: none"


def _by_place(parts: Sequence[Part]) -> Iterator[str]:
    """The parts below the model that answers them, whose name alone can fill a line."""
    for place in dict.fromkeys(part.endpoint for part in parts):
        yield f"  {place or 'a model in this process'}"
        yield from (
            f"    {part.name}: {_usage(part.most)}, {usd(part.usd)}" for part in parts if part.endpoint == place
        )


def _usage(usage: Usage) -> str:
    return f"{usage.calls:,} calls, {usage.tokens:,} tokens"
