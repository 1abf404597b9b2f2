"""Samples of rows."""

from __future__ import annotations

import random
from collections import Counter

from scipy.stats import chisquare

from duet.tasks.rows import sample


def test_every_item_is_as_likely_as_any_other() -> None:
    counts = Counter(item for seed in range(4000) for item in sample(range(40), 10, random.Random(seed))[0])
    assert chisquare([counts[item] for item in range(40)]).pvalue > 0.001


def test_a_sample_keeps_the_order_counts_all_and_repeats_itself() -> None:
    drawn, total = sample(iter(range(100_000)), 50, random.Random("x"))
    assert drawn == sorted(set(drawn))
    assert (len(drawn), total) == (50, 100_000)
    assert sample(range(100_000), 50, random.Random("x"))[0] == drawn
    assert sample(range(100_000), 50, random.Random("y"))[0] != drawn


def test_fewer_items_than_wanted_are_all_kept() -> None:
    assert sample("abc", 3, random.Random(0)) == (["a", "b", "c"], 3)
    assert sample("", 3, random.Random(0)) == ([], 0)
