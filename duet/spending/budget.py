"""Caps of a run, and the calls and tokens that are counted against them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, fields

from duet.models.base import Request
from duet.models.prices import Prices

_TEMPLATE_TOKENS = 64  # what a chat template adds to a prompt, at most


@dataclass(frozen=True)
class Budget:
    """Caps of a run, over all its restarts; None is no cap.

    Args:
        max_calls: most requests, retries among them.
        max_tokens: most tokens, prompts and answers together.
        max_cost_usd: most US dollars; needs the prices of every endpoint.
        max_time: most seconds; no request is sent afterwards.
    """

    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost_usd: float | None = None
    max_time: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            cap = getattr(self, field.name)
            if cap is not None and not cap > 0:
                raise ValueError(f"Expected {field.name} to be positive but got {cap}")
            if cap is not None and cap == float("inf"):
                raise ValueError(f"Expected {field.name} to be finite but got {cap}; leave it out for no cap")

    @property
    def caps_purchases(self) -> bool:
        """Whether there is a cap on what is bought; one on time is none."""
        return any(cap is not None for cap in (self.max_calls, self.max_tokens, self.max_cost_usd))


@dataclass(frozen=True)
class Usage:
    """Calls and tokens.

    >>> Usage(1, 10, 2) + Usage(1, 5, 1)
    Usage(calls=2, prompt_tokens=15, completion_tokens=3)
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def __sub__(self, other: Usage) -> Usage:
        return self + other * -1

    def __mul__(self, times: int) -> Usage:
        return Usage(self.calls * times, self.prompt_tokens * times, self.completion_tokens * times)

    @property
    def tokens(self) -> int:
        """Prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens


@functools.lru_cache(maxsize=4096)
def most_of(request: Request, overhead: int = 0, answer_overhead: int = 0) -> Usage:
    """The most that one request can cost; remembered, as it is needed several times."""
    return most([request], overhead, answer_overhead)


def most(requests: Sequence[Request], overhead: int = 0, answer_overhead: int = 0) -> Usage:
    """The most that the requests can cost, each tried once.

    A prompt's bound is its bytes in UTF-8, as no tokenizer makes more tokens, and a margin for the chat template.

    Args:
        requests: what is sent.
        overhead: bytes that every prompt is sent with.
        answer_overhead: tokens that every answer can take beyond ``max_tokens``.
    """
    beyond = _TEMPLATE_TOKENS + overhead
    prompts = sum(len(request.prompt.encode(errors="replace")) + beyond for request in requests)
    return Usage(len(requests), prompts, sum(request.max_tokens + answer_overhead for request in requests))


def cost(usage: Usage, prices: Prices) -> int:
    """Picodollars."""
    return prices.cost(usage.prompt_tokens, usage.completion_tokens)
