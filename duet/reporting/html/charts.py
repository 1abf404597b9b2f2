"""Inline SVG that follows the page's width and colours: lines stretch, strokes and words don't."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

WIDTH, HEIGHT = 1000, 100
COLOURS = 7
ROUNDING = 1e-9
Point = tuple[int, float]  # place, height


def score_row(
    label: str, score: float | None, interval: tuple[float, float] | None, n: int | None, kind: str = ""
) -> str:
    """Name, place on a rail from 0 to 1, and number with its interval and the number of its examples.

    Args:
        label: whose score.
        score: in [0, 1]; None if it was not tested.
        interval: its 95 % confidence interval.
        n: its examples.
        kind: a further class of the dot.
    """
    drawn, words = '<line class="rail" x1="0" x2="100%" y1="50%" y2="50%"/>', [f"n = {n:,}"] if n else []
    if interval:
        low, high = interval
        drawn += f'<line class="interval" x1="{low:.2%}" x2="{high:.2%}" y1="50%" y2="50%"/>'
        words = [f"{low:.3f} to {high:.3f}", *words]
    if score is not None:
        drawn += f'<circle class="{escape(f"dot {kind}".strip())}" cx="{score:.2%}" cy="50%" r="6"/>'
    number = "not tested" if score is None else f"<b>{score:.3f}</b>"
    return (
        f'<div class="score"><div>{escape(label)}</div><svg aria-hidden="true">{drawn}</svg>'
        f'<div class="value">{number}<span>{", ".join(words if score is not None else [])}</span></div></div>'
    )


def curve_chart(lines: Mapping[str, Sequence[Point]], points: Sequence[Point], described: str, axis: str) -> str:
    """Step lines over whole numbers from 0 on, with dots behind them.

    Args:
        lines: label -> (place, height) of each step, by place; heights in [0, 1].
        points: (place, height) of each dot.
        described: the text for readers who can't see the chart.
        axis: what the horizontal axis counts.
    """
    frame = Frame.around(lines.values(), points)
    dots = _path("points", _dots(points, frame)) if points else ""
    steps = "".join(_path(_colour(index), _steps(line, frame)) for index, line in enumerate(lines.values()))
    legend = [(_path(_colour(index), "M1 6H23"), label) for index, label in enumerate(lines)]
    if points:
        legend.append((_path("points", "M12 6h0"), "one scored instruction"))
    return _framed(dots + steps, frame, described) + _legend(legend, axis)


def _framed(drawn: str, frame: Frame, described: str) -> str:
    grid = "".join(_path("grid", f"M0 {y}H{WIDTH}") for y in range(0, HEIGHT + 1, HEIGHT // 4))
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(described)}"'
    return (
        f'<div class="chart"><div class="y" aria-hidden="true">{_ticks(frame.heights())}</div>'
        f"<svg {view}>{grid}{drawn}</svg>"
        f'<div class="x" aria-hidden="true">{_ticks(frame.places())}</div></div>'
    )


def _dots(points: Sequence[Point], frame: Frame) -> str:
    """Equal dots are drawn once."""
    places = dict.fromkeys((frame.x(place), frame.y(height)) for place, height in points)
    return "".join(f"M{x} {y}h0" for x, y in places)


def scatter_chart(
    points: Sequence[Point], front: Sequence[Point], best: Sequence[Point], described: str, axis: str
) -> str:
    """Dots, those of a front in colour and joined by steps, the best one circled.

    Args:
        points: (place, height) of each dot.
        front: those that no dot to the left matches, from left to right.
        best: the one to circle, if it is among the dots.
        described: the text for readers who can't see the chart.
        axis: what the horizontal axis counts.
    """
    frame = Frame.around([], points).without_empty_half(points)
    line = best_so_far([*front, (frame.end, min(height for _, height in front))])
    groups = (("points", points), ("front", front), ("circled", best))
    dots = "".join(_path(kind, _dots(group, frame)) for kind, group in groups if group)
    drawn = f"{_path(_colour(0), _steps(line, frame))}{dots}"
    names = [("points", "one scored instruction"), ("front", "no shorter one scores as high")]
    legend = [(_path(kind, "M12 6h0"), label) for kind, label in [*names, *([("circled", "best")] if best else [])]]
    return _framed(drawn, frame, described) + _legend(legend, axis)


@dataclass(frozen=True)
class Frame:
    """The frame of a chart: places from ``start`` to ``end``, heights from ``low`` to ``high``."""

    end: int
    low: float
    high: float
    start: int = 0

    @classmethod
    def around(cls, lines: Iterable[Sequence[Point]], points: Sequence[Point]) -> Frame:
        """The frame that holds everything, its heights whole tenths."""
        everything = [*points, *(point for line in lines for point in line)]
        heights = [height for _, height in everything]
        low = math.floor(min(heights) * 10 + ROUNDING) / 10
        high = max(math.ceil(max(heights) * 10 - ROUNDING) / 10, low + 0.1)
        return cls(max(1, *(place for place, _ in everything)), low, high)

    def without_empty_half(self, points: Sequence[Point]) -> Frame:
        """The frame that begins at the first dot, where that lies in the right half."""
        first = min(place for place, _ in points)
        return replace(self, start=min(first, self.end - 1)) if 2 * first > self.end else self

    def x(self, place: int) -> str:
        """The place in the view box."""
        return f"{(place - self.start) / (self.end - self.start) * WIDTH:.1f}"

    def y(self, height: float) -> str:
        """The height in the view box."""
        return f"{(self.high - height) / (self.high - self.low) * HEIGHT:.1f}"

    def heights(self) -> list[str]:
        """The words beside the five lines, from the top."""
        step = (self.high - self.low) / 4
        return [f"{self.high - index * step:.3f}".rstrip("0").rstrip(".") for index in range(5)]

    def places(self) -> list[str]:
        """The words below."""
        middle = [] if (self.start + self.end) % 2 else [(self.start + self.end) // 2]
        return [str(place) for place in (self.start, *middle, self.end)]


def best_so_far(points: Sequence[Point]) -> list[Point]:
    """Where the highest height rises, and the last place; as many steps as there are improvements, however far apart.

    >>> best_so_far([(0, 0.5), (2, 0.75), (1, 0.25), (30_000_000, 0.5)])
    [(0, 0.5), (2, 0.75), (30000000, 0.75)]
    """
    steps: list[Point] = []
    for place, height in sorted(points, key=lambda point: (point[0], -point[1])):
        if not steps or height > steps[-1][1]:
            steps.append((place, height))
    last = max((place for place, _ in points), default=0)
    return steps if not steps or steps[-1][0] == last else [*steps, (last, steps[-1][1])]


def _steps(line: Sequence[Point], frame: Frame) -> str:
    steps = (f"H{frame.x(place)}V{frame.y(height)}" for place, height in line)
    return f"M{frame.x(line[0][0])} {frame.y(line[0][1])}{''.join(steps)}"


def _ticks(words: Sequence[str]) -> str:
    return "".join(f"<span>{word}</span>" for word in words)


def _path(kind: str, data: str) -> str:
    return f'<path class="{kind}" d="{data}"/>'


def _colour(index: int) -> str:
    return f"line line-{index % COLOURS}"


def _legend(items: Sequence[tuple[str, str]], axis: str) -> str:
    keys = "".join(
        f'<li><svg viewBox="0 0 24 12" aria-hidden="true">{drawn}</svg>{escape(label)}</li>' for drawn, label in items
    )
    return f'<ul class="legend">{keys}<li class="note">Across: {escape(axis)}</li></ul>'
