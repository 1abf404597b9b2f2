"""Compares the last number of an answer, and its unit, with those of an accepted output."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from duet.metrics.units import unit_beside

_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
# No part of a word, a power, a date, a time, a range or a version: of those no single number can be read.
_NUMBER = re.compile(
    r"""(?<![\w^])(?<!\d[.,:/–-])
    (?P<sign>(?<![\w)])[-+−])?(?:[$€£¥]\s?)?(?P<inner_sign>[-−])?
    (?:(?P<mixed>\d{1,15}\s)?(?P<over>\d{1,15})\s?/\s?(?P<under>0*[1-9]\d{0,14})
      |(?P<plain>\d{1,3}(?:[,\u2009\u202f\u00a0'’_]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
       (?P<exponent>[eE][-+]?\d{1,3}(?!\d))?)
    (?!\d|[eE][-+]?\d|[.,:/–-]\d)(?:\s?(?P<scale>thousand|million|billion|trillion)\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[^\d.]")


@dataclass(frozen=True)
class Number:
    """1 if the last number of the answer has the value of an accepted output's last number.

    It reads ``$1,234.50``, ``-5``, ``1e3``, ``3/4``, ``1 1/2`` and ``2 million``. Dates, times, ranges and version
    numbers are no numbers. Where both have a unit that it knows, such as km, kilometres, kg, %, € or hours, the units
    count too: 5000 m is 5 km, and 5 m is not. A number without a unit, or with one that it does not know, is compared
    by its value alone.

    >>> Number()("So that makes 12.50 dollars.", ["$12.5"]), Number()("12.50", ["12.01"])
    (1.0, 0.0)
    >>> [Number()(answer, ["5 km"]) for answer in ("5 kilometres", "5,000 m", "5 m", "5", "It is 5 away.")]
    [1.0, 1.0, 0.0, 1.0, 1.0]
    >>> Number(tolerance=0.01)("3.142", ["3.14159"]), Number(decimal_comma=True)("1.200,50 €", ["1200,5"])
    (1.0, 1.0)

    Args:
        tolerance: the largest difference of two equal numbers, in the unit of the accepted one.
        relative_tolerance: the same, as a share of the accepted number.
        decimal_comma: whether numbers are written like 1.234,56.
    """

    tolerance: float = 0.0
    relative_tolerance: float = 0.0
    decimal_comma: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.tolerance < float("inf") and 0 <= self.relative_tolerance < 1):
            raise ValueError(
                "Expected a tolerance of at least 0 and a relative_tolerance of at least 0 and below 1 but got "
                f"{self.tolerance} and {self.relative_tolerance}"
            )

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """1.0 or 0.0."""
        found = self._read(answer)
        expected = [self._read(output) for output in outputs]
        return float(found is not None and any(self._equal(found, value) for value in expected if value is not None))

    def _read(self, text: str) -> Quantity | None:
        return last_quantity(text.translate(_SWAP) if self.decimal_comma else text)

    def _equal(self, found: Quantity, expected: Quantity) -> bool:
        value = found.value
        if found.unit and expected.unit and found.unit != expected.unit:
            (kind, factor), (expected_kind, expected_factor) = found.unit, expected.unit
            if kind != expected_kind:
                return False
            value = value * factor / expected_factor
        room = Decimal(str(self.tolerance)) + abs(expected.value) * Decimal(str(self.relative_tolerance))
        return value == expected.value or (room > 0 and abs(value - expected.value) <= room)


_SWAP = str.maketrans(".,", ",.")


@dataclass(frozen=True)
class Quantity:
    """A number and its unit.

    Args:
        value: of the number.
        unit: what it measures and the factor to that measure's base; None without a unit that is known.
    """

    value: Decimal
    unit: tuple[str, Decimal] | None


def last_number(text: str) -> Decimal | None:
    """The value of the last number of a text; None without one.

    >>> [str(last_number(text)) for text in ("from 3 to 1,200 km", "-$5", "½ or 3/4", "2.5 million", "12:30", "none")]
    ['1200', '-5', '0.75', '2500000.0', 'None', 'None']
    """
    found = last_quantity(text)
    return found.value if found else None


def last_quantity(text: str) -> Quantity | None:
    """The last number of a text with its unit; None without one."""
    found = list(_NUMBER.finditer(text))
    return Quantity(_value(found[-1]), unit_beside(found[-1][0], text[found[-1].end() :])) if found else None


def _value(match: re.Match[str]) -> Decimal:
    if match["over"]:
        value = Decimal(match["mixed"] or 0) + Decimal(match["over"]) / Decimal(match["under"])
    else:
        value = Decimal(_SEPARATORS.sub("", match["plain"]) + (match["exponent"] or ""))
    if match["scale"]:
        value *= _SCALES[match["scale"].lower()]
    negative = (match["sign"] or "+") != "+" or bool(match["inner_sign"])
    return value.copy_negate() if negative else value  # a minus would round it
