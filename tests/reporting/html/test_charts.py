"""Charts of a page."""

from __future__ import annotations

import re

import pytest

from duet.reporting.html.charts import scatter_chart


@pytest.mark.parametrize(
    ("places", "ticks"),
    [((40, 41, 44), ["40", "42", "44"]), ((3, 41, 44), ["0", "22", "44"]), ((44,), ["43", "44"]), ((1,), ["0", "1"])],
)
def test_an_axis_has_no_empty_left_half(places: tuple[int, ...], ticks: list[str]) -> None:
    points = [(place, 0.5) for place in places]
    chart = scatter_chart(points, points[:1], [], "lengths", "length in prompt tokens")
    [axis] = re.findall(r'<div class="x" aria-hidden="true">(.*?)</div>', chart)
    assert re.findall(r">(\d+)<", axis) == ticks
