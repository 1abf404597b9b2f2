from __future__ import annotations

import pytest

from duet.models.network.retry_times import seconds_to_wait, seconds_until_renewed

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None), ({"retry-after": "3"}, 3.0), ({"retry-after": "0.5"}, 0.5), ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "20", "retry-after": "3"}, 0.02), ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None), ({"retry-after": "soon"}, None), ({"retry-after": ""}, None),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}, 10.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:10 GMT"}, 0.0),
        ({"retry-after": "1m30s"}, 90.0),
    ],
)  # fmt: skip
def test_the_server_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset": "7"}, 7.0),
        ({"X-RateLimit-Reset": "7"}, 7.0),
        ({"x-ratelimit-reset": "1700000007"}, 7.0),
        ({"x-ratelimit-reset": "1700000007000"}, 7.0),
        ({"x-ratelimit-reset-requests": "1m30.5s"}, 90.5),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "0",
          "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "900"}, 1.0),
        ({"x-ratelimit-reset-after": "2.5"}, 2.5),
        ({"ratelimit-reset": "4"}, 4.0),
        ({"ratelimit": "limit=9, remaining=0, reset=5"}, 5.0),
        ({"ratelimit": '"default";r=0;t=5'}, 5.0),
        ({"anthropic-ratelimit-requests-reset": "2023-11-14T22:13:27Z"}, 7.0),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"retry-after": "1", "x-ratelimit-reset": "9"}, 1.0),
    ],
)  # fmt: skip
def test_the_reset_of_a_rate_limit_counts_where_the_server_says_nothing_else(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert seconds_to_wait(headers, now=NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("429 Rate limit reached. Please try again in 6.5s.", 6.5),
        ("429 Please try again in 1m2s. Visit us.", 62.0),
        ("429 Please retry after 12 seconds", 12.0),
        ("429 Try again in 2 minutes", 120.0),
        ("429 slow down", None),
    ],
)
def test_the_servers_words_count_last(message: str, seconds: float | None) -> None:
    assert seconds_to_wait({}, message) == seconds
    assert seconds_to_wait({"retry-after": "3"}, message) == 3.0


def test_a_limit_is_used_up_only_where_the_reply_says_that_nothing_remains() -> None:
    assert seconds_until_renewed({"x-ratelimit-reset": "3"}) is None
    assert seconds_until_renewed({"x-ratelimit-reset": "3", "x-ratelimit-remaining": "2"}) is None
    assert seconds_until_renewed({"x-ratelimit-reset": "3", "x-ratelimit-remaining": "0"}) == 3.0
