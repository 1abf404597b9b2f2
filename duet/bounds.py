"""Checks that settings that count something are numbers that can be worked with."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 10**6  # of anything that a setting counts: texts, rounds, tokens


def require_counts(settings: object, names: Iterable[str], place: str = "") -> None:
    """Checks the attributes of these names.

    Args:
        settings: holds them.
        names: of the attributes.
        place: where they stand in the settings, such as ``initialisation.``.

    Raises:
        ValueError: names the first one that is not from 1 to a million.

    >>> require_counts(3, ["real"])
    >>> require_counts(0, ["real"], "part.")
    Traceback (most recent call last):
    ValueError: Expected part.real of at least 1 but got 0
    """
    for name in names:
        value = getattr(settings, name)
        if value < 1:
            raise ValueError(f"Expected {place}{name} of at least 1 but got {value}")
        if value > MOST:
            raise ValueError(f"Expected {place}{name} of at most {MOST:,} but got {value:,}")
