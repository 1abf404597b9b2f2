"""Inline SVG that follows the page's width and colours: lines stretch, strokes and words don't."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 1000, 100
COLOURS = 7
ROUNDING = 1e-9


def score_row(label: str, score: float | None, interval: tuple[float, float] | None, kind: str = "") -> str:
    """Name, place on a rail from 0 to 1, and number with its interval.

    Args:
        label: whose score.
        score: in [0, 1]; None where it was not tested.
        interval: its 95 % confidence interval.
        kind: a further class of the dot.
    """
    drawn, words = '<line class="rail" x1="0" x2="100%" y1="50%" y2="50%"/>', ""
    if interval:
        low, high = interval
        drawn += f'<line class="interval" x1="{low:.2%}" x2="{high:.2%}" y1="50%" y2="50%"/>'
        words = f"<span>{low:.3f} to {high:.3f}</span>"
    if score is not None:
        drawn += f'<circle class="{escape(f"dot {kind}".strip())}" cx="{score:.2%}" cy="50%" r="6"/>'
    number = "not tested" if score is None else f"<b>{score:.3f}</b>"
    return (
        f'<div class="score"><div>{escape(label)}</div><svg aria-hidden="true">{drawn}</svg>'
        f'<div class="value">{number}{words}</div></div>'
    )


def curve_chart(
    lines: Mapping[str, Sequence[float]], points: Sequence[tuple[int, float]], described: str, axis: str
) -> str:
    """Step lines over whole numbers from 0 on, with dots behind them.

    Args:
        lines: label -> heights in [0, 1] at 0, 1, 2, ...
        points: (place, height) of each dot.
        described: what a reader who can't see it is told.
        axis: what the horizontal axis counts.
    """
    frame = Frame.around(lines.values(), points)
    grid = "".join(_path("grid", f"M0 {y}H{WIDTH}") for y in range(0, HEIGHT + 1, HEIGHT // 4))
    dots = _path("points", "".join(f"M{frame.x(place)} {frame.y(height)}h0" for place, height in points))
    steps = "".join(_path(_colour(index), _steps(line, frame)) for index, line in enumerate(lines.values()))
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(described)}"'
    return (
        f'<div class="chart"><div class="y" aria-hidden="true">{_ticks(frame.heights())}</div>'
        f"<svg {view}>{grid}{dots if points else ''}{steps}</svg>"
        f'<div class="x" aria-hidden="true">{_ticks(frame.places())}</div></div>'
        f"{_legend(list(lines), bool(points), axis)}"
    )


@dataclass(frozen=True)
class Frame:
    """What a chart shows: places from 0 to ``end``, heights from ``low`` to ``high``."""

    end: int
    low: float
    high: float

    @classmethod
    def around(cls, lines: Iterable[Sequence[float]], points: Sequence[tuple[int, float]]) -> Frame:
        """The frame that holds everything, its heights whole tenths."""
        known = [*lines]
        heights = [height for line in known for height in line] + [height for _, height in points]
        low = math.floor(min(heights) * 10 + ROUNDING) / 10
        high = max(math.ceil(max(heights) * 10 - ROUNDING) / 10, low + 0.1)
        end = max([1, *(len(line) - 1 for line in known), *(place for place, _ in points)])
        return cls(end, low, high)

    def x(self, place: int) -> str:
        """The place in the view box."""
        return f"{place / self.end * WIDTH:.1f}"

    def y(self, height: float) -> str:
        """The height in the view box."""
        return f"{(self.high - height) / (self.high - self.low) * HEIGHT:.1f}"

    def heights(self) -> list[str]:
        """The words beside the five lines, from the top."""
        step = (self.high - self.low) / 4
        return [f"{self.high - index * step:.3f}".rstrip("0").rstrip(".") for index in range(5)]

    def places(self) -> list[str]:
        """The words below."""
        return [str(place) for place in ((0, self.end) if self.end % 2 else (0, self.end // 2, self.end))]


def best_so_far(points: Sequence[tuple[int, float]]) -> list[float]:
    """The highest height at or before each whole number from 0 on.

    >>> best_so_far([(0, 0.5), (2, 0.75), (1, 0.25)])
    [0.5, 0.5, 0.75]
    """
    heights: dict[int, float] = defaultdict(float)
    for place, height in points:
        heights[place] = max(heights[place], height)
    best = [heights[0]]
    for place in range(1, max(heights) + 1):
        best.append(max(best[-1], heights[place]))
    return best


def _steps(heights: Sequence[float], frame: Frame) -> str:
    steps = (f"H{frame.x(place)}V{frame.y(height)}" for place, height in enumerate(heights))
    return f"M0 {frame.y(heights[0])}{''.join(steps)}"


def _ticks(words: Sequence[str]) -> str:
    return "".join(f"<span>{word}</span>" for word in words)


def _path(kind: str, data: str) -> str:
    return f'<path class="{kind}" d="{data}"/>'


def _colour(index: int) -> str:
    return f"line line-{index % COLOURS}"


def _legend(labels: Sequence[str], with_points: bool, axis: str) -> str:
    items = [(_path(_colour(index), "M1 6H23"), label) for index, label in enumerate(labels)]
    if with_points:
        items.append((_path("points", "M12 6h0"), "one scored instruction"))
    keys = "".join(
        f'<li><svg viewBox="0 0 24 12" aria-hidden="true">{drawn}</svg>{escape(label)}</li>' for drawn, label in items
    )
    return f'<ul class="legend">{keys}<li class="note">Across: {escape(axis)}</li></ul>'
