"""Reads from a reply how long the server wants to be left alone."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_RESET = re.compile(r"(?:[\w-]+-)?ratelimit-(?:[\w-]+-)?reset(?:-[\w-]+)?")
_REMAINING = ("x-ratelimit-remaining-requests", "x-ratelimit-remaining", "ratelimit-remaining")
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")
_MILLISECONDS = re.compile(r"(\d+(?:\.\d+)?)ms")
_DRAFT = re.compile(r"\b(?:reset|t)=(\d+)")  # RateLimit: limit=9, remaining=0, reset=5 and "default";r=0;t=5
_IN_WORDS = re.compile(r"(?:try again|retry|reset)\w* (?:in|after) (\d[\d.hms]*)(\s*(?:seconds?|secs?|minutes?)\b)?")
_EPOCH, _EPOCH_MS = 10**9, 10**12  # a number that is larger is no duration but a date


def seconds_to_wait(headers: Mapping[str, str], message: str = "", now: float | None = None) -> float | None:
    """The seconds until the server wants the next request; None if it does not say.

    ``retry-after-ms`` counts first, then ``retry-after``, then the latest of the rate limits that are used up, then the
    message.

    >>> seconds_to_wait({"retry-after-ms": "250"}), seconds_to_wait({"x-ratelimit-reset": "1m30s"})
    (0.25, 90.0)
    >>> seconds_to_wait({"x-ratelimit-reset": "1700000005"}, now=1700000000)
    5.0

    Args:
        headers: of the reply, names in lower case.
        message: the server's own words.
        now: seconds since 1970; None is now.
    """
    now = time.time() if now is None else now
    milliseconds = _number(headers.get("retry-after-ms"))
    seconds = None if milliseconds is None else milliseconds / 1000
    if seconds is None:
        seconds = _seconds(headers.get("retry-after", ""), now)
    if seconds is None:
        seconds = max(_resets(headers, now), default=None)
    if seconds is None and (words := _IN_WORDS.search(message.lower())):
        scale = 60 if "minute" in (words[2] or "") else 1
        found = _seconds(words[1].rstrip("."), now)
        seconds = None if found is None else scale * found
    return None if seconds is None else max(0.0, seconds)


def seconds_until_renewed(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds until a limit starts anew of which, by this reply, nothing remains; None if something does.

    >>> seconds_until_renewed({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"})
    3.0
    """
    now = time.time() if now is None else now
    return max(_resets(headers, now, default=1), default=None)


def remaining_requests(headers: Mapping[str, str]) -> float | None:
    """Returns how many more requests the limit allows, by this reply; None if it does not say.

    >>> remaining_requests({"x-ratelimit-remaining-requests": "2", "x-ratelimit-remaining-tokens": "9"})
    2.0
    """
    found = (_number(headers.get(name)) for name in _REMAINING)
    return next((number for number in found if number is not None), None)


def _resets(headers: Mapping[str, str], now: float, default: float = 0) -> Iterator[float]:
    """The seconds until each limit starts anew, but for those of which something remains.

    Args:
        headers: of the reply.
        now: seconds since 1970.
        default: what remains where the server does not say.
    """
    for key, value in headers.items():
        name = key.lower()
        if _RESET.fullmatch(name):
            remaining = _number(headers.get(name.replace("reset", "remaining").removesuffix("-after")))
            seconds = _seconds(value, now)
            if seconds is not None and (default if remaining is None else remaining) <= 0:
                yield seconds
        elif name == "ratelimit" and (found := _DRAFT.search(value)) and default <= 0:
            yield float(found[1])


def _seconds(text: str, now: float) -> float | None:
    """From seconds, a date as a number, a duration or a date in words."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        return number / 1000 - now if number > _EPOCH_MS else number - now if number > _EPOCH else number
    if found := _MILLISECONDS.fullmatch(text):
        return float(found[1]) / 1000
    if text and (found := _DURATION.fullmatch(text)):
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return _until(text, now)


def _until(date: str, now: float) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(date)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
