"""Money is counted exactly."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from duet.models.prices import FREE, PRESETS, Prices, dollars, in_picodollars, preset


@pytest.mark.parametrize("prices", [Prices(0.27, 1.10), Prices(0.1, 0.3), Prices(30, 60), Prices(0.000001, 1e-06)])
def test_a_cost_is_that_of_decimal_arithmetic(prices: Prices) -> None:
    exact = (Decimal(str(prices.prompt)) * 1237 + Decimal(str(prices.completion)) * 41) / 10**6
    assert Decimal(prices.cost(1237, 41)) / 10**12 == exact


def test_a_sum_does_not_depend_on_its_order() -> None:
    costs = [Prices(0.27, 1.10).cost(i, 7 * i) for i in range(1, 1000)]
    shuffled = random.Random(0).sample(costs, len(costs))
    assert dollars(sum(costs)) == dollars(sum(shuffled))
    assert sum(map(dollars, costs)) != dollars(sum(costs))  # as floats it does


@pytest.mark.parametrize("wrong", [{"prompt": -1.0}, {"completion": float("nan")}, {"prompt": float("inf")}])
def test_a_price_is_no_less_than_nothing(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"Expected prices.{next(iter(wrong))} of at least 0 but got"):
        Prices(**{"prompt": 1.0, "completion": 1.0} | wrong)


def test_the_models_of_the_paper_have_list_prices_at_their_own_providers_only() -> None:
    assert preset("api.openai.com", "gpt-4o") == Prices(2.5, 10)
    assert preset("api.openai.com", "gpt-3.5-turbo") == Prices(0.5, 1.5)
    assert preset("api.deepseek.com", "deepseek-chat") == Prices(0.27, 1.1)
    assert preset("api.deepseek.com", "gpt-4o") is None
    assert preset("localhost", "gpt-4o") is None
    assert preset(None, "gpt-4o") is None


def test_answers_cost_no_less_than_prompts() -> None:
    assert all(each.completion >= each.prompt > 0 for models in PRESETS.values() for each in models.values())


def test_nothing_costs_nothing() -> None:
    assert FREE.cost(10**9, 10**9) == 0


@pytest.mark.parametrize(("usd", "whole"), [(1, 10**12), (0.1, 10**11), (1e-12, 1), (1.9e-12, 1)])
def test_a_cap_is_read_as_it_is_written(usd: float, whole: int) -> None:
    assert in_picodollars(usd) == whole
