"""The units that stand beside a number: which are the same, and which measure the same thing."""

from __future__ import annotations

import re
from decimal import Decimal

# What is measured, and how much one of it is: spellings of units that can be converted into each other.
_SCALES: dict[str, dict[str, str]] = {
    "length": {
        "0.001": "mm millimeter millimeters millimetre millimetres",
        "0.01": "cm centimeter centimeters centimetre centimetres",
        "1": "m meter meters metre metres",
        "1000": "km kms kilometer kilometers kilometre kilometres",
        "0.0254": "inch inches",
        "0.3048": "ft foot feet",
        "0.9144": "yd yard yards",
        "1609.344": "mi mile miles",
    },
    "mass": {
        "0.001": "mg milligram milligrams",
        "1": "g gram grams gramme grammes",
        "1000": "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
        "1000000": "tonne tonnes",
        "28.349523125": "oz ounce ounces",
        "453.59237": "lb lbs",
    },
    "time": {
        "0.001": "ms millisecond milliseconds",
        "1": "s sec secs second seconds",
        "60": "min mins minute minutes",
        "3600": "h hr hrs hour hours",
        "86400": "day days",
        "604800": "week weeks",
    },
    "volume": {
        "0.001": "ml milliliter milliliters millilitre millilitres cm3",
        "0.01": "cl",
        "1": "l liter liters litre litres",
        "1000": "m3",
    },
    "area": {"0.0001": "cm2", "1": "m2 sqm", "10000": "ha hectare hectares", "1000000": "km2"},
    "speed": {"1": "km/h kmh kph", "3.6": "m/s", "1.609344": "mph"},
}  # fmt: skip
# Spellings of units that are converted into nothing else.
_NAMES = (
    "% percent", "$ usd dollar dollars us$", "€ eur euro euros", "£ gbp", "°c celsius", "°f fahrenheit",
    "month months", "year years", "kb kilobyte kilobytes", "mb megabyte megabytes", "gb gigabyte gigabytes",
    "tb terabyte terabytes",
)  # fmt: skip
_UNITS = {
    spelling: (kind, Decimal(factor))
    for kind, factors in _SCALES.items()
    for factor, spellings in factors.items()
    for spelling in spellings.split()
} | {spelling: (names.split()[0], Decimal(1)) for names in _NAMES for spelling in names.split()}
_BEHIND = re.compile(r"\s?(?:degrees?\s)?(%|€|\$|£|°?[a-zA-Z]+(?:/[a-zA-Z]+)?(?:\^?[23]|[²³])?)(?![\w/^²³])")
_CURRENCY = re.compile(r"[$€£]")
_POWERS = str.maketrans({"²": "2", "³": "3", "^": None})


def unit_beside(number: str, behind: str) -> tuple[str, Decimal] | None:
    """The unit of a number: what it measures, and the factor to that measure's base; None if there is none we know.

    >>> unit_beside("5", " kilometres away"), unit_beside("$5", " each"), unit_beside("5", " apples")
    (('length', Decimal('1000')), ('$', Decimal('1')), None)

    Args:
        number: with the currency that may stand before its digits.
        behind: the text that follows.
    """
    if currency := _CURRENCY.search(number):
        return _UNITS[currency[0]]
    found = _BEHIND.match(behind)
    return _UNITS.get(found[1].lower().translate(_POWERS)) if found else None
