"""Prices tokens in whole picodollars: a sum that is the same to the bit, in whatever order it is added up."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, fields
from decimal import Decimal

PICODOLLARS = 10**12  # in one dollar


@dataclass(frozen=True)
class Prices:
    """US dollars per million tokens.

    >>> Prices(prompt=2.5, completion=10).cost(1_000_000, 100)
    2501000000000

    Args:
        prompt: of the tokens that are sent.
        completion: of the tokens that come back.
    """

    prompt: float
    completion: float

    def __post_init__(self) -> None:
        for field in fields(self):
            price = getattr(self, field.name)
            if not 0 <= price < math.inf:
                raise ValueError(f"Expected prices.{field.name} of at least 0 but got {price}")

    def cost(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Picodollars, exact for prices with at most six decimals."""
        return prompt_tokens * _per_token(self.prompt) + completion_tokens * _per_token(self.completion)


FREE = Prices(0.0, 0.0)

# List prices as known in 2025, by the provider's host; they may have changed since: check yours, and set `prices`.
PRESETS: dict[str, dict[str, Prices]] = {
    "api.openai.com": {
        "gpt-4o": Prices(2.50, 10.00),
        "gpt-4o-mini": Prices(0.15, 0.60),
        "gpt-4": Prices(30.00, 60.00),
        "gpt-3.5-turbo": Prices(0.50, 1.50),
    },
    "api.deepseek.com": {"deepseek-chat": Prices(0.27, 1.10)},  # DeepSeek-V3
}


def preset(host: str | None, model: str) -> Prices | None:
    """The list prices of a model at its provider's own address; None if they are not known.

    >>> preset("api.openai.com", "gpt-4"), preset("127.0.0.1", "gpt-4")
    (Prices(prompt=30.0, completion=60.0), None)
    """
    return PRESETS.get(host or "", {}).get(model)


def dollars(picodollars: int) -> float:
    """The nearest float."""
    return picodollars / PICODOLLARS


def in_picodollars(usd: float) -> int:
    """The whole picodollars that an amount of dollars, as it is written, has room for.

    >>> in_picodollars(0.1)
    100000000000
    """
    return math.floor(Decimal(str(usd)) * PICODOLLARS)


@functools.lru_cache
def _per_token(price: float) -> int:
    return round(Decimal(str(price)) * (PICODOLLARS // 10**6))
