"""The examples of docs/metrics.md run, and it names every metric."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from duet.metrics.registry import BUILT_IN

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_every_example_of_the_page_gives_what_it_says() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 20


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_page_says_what_a_metric_does(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
