"""Whether a call can cost money."""

from __future__ import annotations

import pytest

from duet.models.endpoint import Endpoint
from duet.models.prices import FREE, Prices

REMOTE, LOCAL = "https://models.example/v1", "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        (LOCAL, True), ("http://localhost/v1", True), ("http://gpu.localhost/v1", True), ("http://[::1]:1/v1", True),
        ("http://127.8.9.1/v1", True), (REMOTE, False), ("http://10.0.0.1/v1", False), ("http://localhost.b", False),
        ("http://0.0.0.0:8000", False),
    ],
)  # fmt: skip
def test_only_this_machine_is_local(address: str, is_local: bool) -> None:
    assert Endpoint(address, "m").is_local is is_local


@pytest.mark.parametrize(
    ("endpoint", "costs_money"),
    [
        (Endpoint("https://api.openai.com/v1", "gpt-4o"), True),
        (Endpoint(REMOTE, "m"), True),  # who knows
        (Endpoint(REMOTE, "m", FREE), False),
        (Endpoint(LOCAL, "m"), False),
        (Endpoint(LOCAL, "m", Prices(1, 0)), True),
    ],
)
def test_a_call_costs_money_unless_it_is_known_not_to(endpoint: Endpoint, costs_money: bool) -> None:
    assert endpoint.costs_money is costs_money


def test_the_users_prices_go_before_the_list() -> None:
    assert Endpoint("https://api.openai.com/v1", "gpt-4o", Prices(1, 2)).prices == Prices(1, 2)


def test_the_key_is_read_when_it_is_asked_for_and_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    endpoint = Endpoint(REMOTE, "m")
    assert endpoint.key == "sk-canary"
    assert "canary" not in f"{endpoint} {endpoint!r}"
    monkeypatch.setenv("OPENAI_API_KEY", " ")
    assert not endpoint.key


@pytest.mark.parametrize(
    ("endpoint", "needs_key"),
    [
        (Endpoint("https://api.openai.com/v1", "m"), True),
        (Endpoint(REMOTE, "m"), False),
        (Endpoint("http://localhost:8000/v1", "m"), False),
        (Endpoint("http://localhost:8000/v1", "m", own_variable="SECOND_KEY"), True),
    ],
)
def test_a_key_is_needed_at_openai_and_where_its_variable_is_named(endpoint: Endpoint, needs_key: bool) -> None:
    assert endpoint.needs_key is needs_key
