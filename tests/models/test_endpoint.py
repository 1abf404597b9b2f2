"""Whether a call can cost money."""

from __future__ import annotations

import pytest

from duet.models.endpoint import Endpoint, checked_url, without_secrets
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


# No secret in an address

SECRETS = {
    "a password": "https://me:hunter2@example.com/v1",
    "a password without a scheme": "me:hunter2@example.com/v1",
    "a user alone": "https://hunter2@example.com/v1",
    "an escaped at sign": "https://me:hunter2%40example.com/v1",
    "a query": "https://example.com/v1?api-key=hunter2",
    "a fragment": "https://example.com/v1#hunter2",
    "a key in the path": "https://example.com/sk-hunter2hunter2/v1",
    "letters and digits": "https://example.com/v1/hunter2aB3dE5fG7hI9jK1lM3n",
    "a key as host": "https://sk-hunter2hunter2.example.com/v1",
    "a key without a scheme": "example.com/sk-hunter2hunter2",
    "no address at all": "http://[hunter2/v1",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_an_address_with_a_secret_is_refused_and_not_repeated(kind: str) -> None:
    with pytest.raises(ValueError, match=r"^Expected base_url ") as caught:
        checked_url(SECRETS[kind])
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1", "http://localhost:11434/v1", "http://127.0.0.1:8000/v1", "http://[::1]:8000/v1",
        "https://my-resource.openai.azure.com/openai/deployments/gpt-4o-mini-2024-07-18",
        "https://gateway.ai.cloudflare.com/v1/0123456789abcdef0123456789abcdef/my-gateway/openai",
        "https://generativelanguage.googleapis.com/v1beta/openai", "https://x1y2z3.eu-west-1.aws.endpoints.example/v1",
    ],
)  # fmt: skip
def test_an_address_of_a_known_form_is_accepted(url: str) -> None:
    assert checked_url(f"{url}/") == url


def test_what_is_printed_holds_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "pass/word and more")
    monkeypatch.setenv("TOKEN", "short")
    text = "used pass/word and more, pass%2Fword%20and%20more, short, Namespace(base_url='me:hunter2@h/v1')"
    assert without_secrets(text) == "used ***, ***, short, Namespace(base_url='***@h/v1')"
    assert without_secrets("duet: http://127.0.0.1:8000/v1 refuses; 5 of 6: a@b") == (
        "duet: http://127.0.0.1:8000/v1 refuses; 5 of 6: a@b"
    )
