"""A key that a server echoes, in whatever form, gets no further than the connection."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from duet.models.base import CallFailure, Completion, Request
from duet.models.errors import ProviderError
from duet.models.network.secret_filter import without_secret
from duet.models.openai_black_box import OpenAIBlackBox
from tests.servers.chat_server import ChatServer, completion

KEY = "sk-a/b+C=7&quotes'x"
FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "JSON with slashes": lambda key: key.replace("/", "\\/"),
    "JSON with codes": lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
    "JSON with capital codes": lambda key: "".join(f"\\u{ord(letter):04X}" for letter in key),
    "JSON in JSON": lambda key: "".join(f"\\\\u{ord(letter):04x}" for letter in key),
    "an address": lambda key: quote(key, safe=""),
    "an address with plus signs": quote_plus,
    "an address in an address": lambda key: quote(quote(key, safe=""), safe=""),
    "every letter in an address": lambda key: "".join(f"%{ord(letter):02x}" for letter in key),
    "HTML": lambda key: "".join(f"&#{ord(letter)};" for letter in key),
    "HTML in hexadecimals": lambda key: "".join(f"&#x{ord(letter):X};" for letter in key),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_form_and_the_rest_stays(form: str) -> None:
    text = f"Wrong key {FORMS[form](KEY)}, try \\u0041%41 again"
    assert without_secret(text.encode(), KEY) == b"Wrong key ***, try \\u0041%41 again"


@pytest.mark.parametrize("secret", ["", "sk-other"])
def test_another_secret_changes_nothing(secret: str) -> None:
    text = f"{KEY} {quote(KEY)}".encode()
    assert without_secret(text, secret) == text


@pytest.mark.parametrize("key", ["k", "none", "1", "EMPTY"])
def test_a_key_for_a_server_that_wants_none_is_left_in_answers(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with ChatServer(lambda _: f"{key} of 1 token") as server:
        [outcome] = OpenAIBlackBox("m", server.url).complete([Request("a")])
    assert outcome == Completion(f"{key} of 1 token", 7, 3)


def test_a_large_reply_is_searched_in_linear_time() -> None:
    text = b"\\u0073s%73" * 300_000
    assert without_secret(text, KEY) == text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_no_answer_and_no_error_holds_it(form: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    content = {"error": {"message": "@@"}} if status > 200 else completion("It is @@.")
    body = json.dumps(content).replace("@@", FORMS[form](KEY).replace('"', '\\"')).encode()
    with ChatServer(reply=lambda _: (status, body)) as server:
        box = OpenAIBlackBox("m", server.url, pause=0.01)
        if status == 401:
            with pytest.raises(ProviderError, match=r"\*\*\*") as caught:
                box.complete([Request("a")])
            said = str(caught.value)
        else:
            [outcome] = box.complete([Request("a")])
            said = outcome.text if isinstance(outcome, Completion) else outcome.reason
            assert isinstance(outcome, Completion | CallFailure)
    assert "***" in said
    assert KEY not in html.unescape(said)
