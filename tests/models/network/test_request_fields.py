from __future__ import annotations

import logging
from typing import Any

import pytest

from duet.models.base import Request
from duet.models.network.request_fields import UNLIMITED, RequestFields

REQUEST = Request("a", max_tokens=64, temperature=0.5, seed=3)
GREEDY = Request("a", max_tokens=64)
PLAIN = {"model": "m", "messages": [{"role": "user", "content": "a"}], "max_tokens": 64}


def test_without_wishes_a_request_is_sent_as_it_is() -> None:
    assert RequestFields("m").body(GREEDY) == PLAIN | {"temperature": 0.0}
    assert RequestFields("m").body(REQUEST) == PLAIN | {"temperature": 0.5, "seed": 3}


def test_a_field_is_set_left_out_or_added() -> None:
    fields = {"temperature": None, "seed": None, "top_p": 0.9, "stop": ["\n"], "extra_body": {"top_k": 5}}
    assert RequestFields("m", fields=fields).body(REQUEST) == PLAIN | {"top_p": 0.9, "stop": ["\n"], "top_k": 5}


@pytest.mark.parametrize(
    ("fields", "limits", "overhead"),
    [
        (None, {"max_tokens": 64}, 0),
        ({"max_completion_tokens": 900}, {"max_completion_tokens": 900}, 900),
        ({"max_tokens": 900}, {"max_tokens": 900}, 900),
        ({"max_tokens": None}, {}, UNLIMITED),
    ],
)
def test_the_users_limit_goes_before_the_requests(fields: Any, limits: dict[str, int], overhead: int) -> None:
    built = RequestFields("m", fields=fields)
    assert {name: value for name, value in built.body(GREEDY).items() if "tokens" in name} == limits
    assert built.answer_overhead == overhead


def test_a_model_that_reasons_has_more_room() -> None:
    built = RequestFields("m", reasoning_tokens=1000)
    assert (built.body(GREEDY)["max_tokens"], built.answer_overhead) == (1064, 1000)


@pytest.mark.parametrize("name", ["model", "messages", "prompt"])
def test_what_duet_sets_itself_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"^Expected fields without {name}"):
        RequestFields("m", fields={"extra_body": {name: "x"}})


@pytest.mark.parametrize("name", ["api_key", "apikey", "access_token", "Authorization"])
def test_a_secret_among_the_fields_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ValueError, match="use key_variable or headers") as caught:
        RequestFields("m", fields={name: "s3cret"})
    assert "s3cret" not in str(caught.value)


OPENAI = {"param": "max_tokens", "code": "unsupported_parameter"}


@pytest.mark.parametrize(
    ("message", "error", "changed"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
         OPENAI, {"max_tokens": None, "max_completion_tokens": 64}),
        ("Unsupported value: 'temperature' does not support 0.5 with this model.",
         {"param": "temperature", "code": "unsupported_value"}, {"temperature": None}),
        ("`temperature` must be strictly positive", None, {"temperature": None}),
        ("property 'seed' is unsupported", None, {"seed": None}),
        ("body.seed: Extra inputs are not permitted", None, {"seed": None}),
        ("seed: Extra inputs are not permitted", None, {"seed": None}),
        ("Invalid JSON payload received. Unknown name \"seed\": Cannot find field.", None, {"seed": None}),
        ("UnsupportedParamsError: bedrock does not support parameters: ['seed'], for model=x", None, {"seed": None}),
        ("Unrecognized request argument supplied: seed", None, {"seed": None}),
        ("max_tokens is too large: 64. This model supports at most 32 completion tokens", None, {"max_tokens": 32}),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 32]", None, {"max_tokens": 32}),
    ],
)  # fmt: skip
def test_a_field_that_is_refused_is_dropped_or_renamed(message: str, error: Any, changed: dict[str, Any]) -> None:
    fields = RequestFields("m")
    before = fields.body(REQUEST)
    assert fields.adapt(before, message, error)
    assert fields.body(REQUEST) == {name: value for name, value in (before | changed).items() if value is not None}


@pytest.mark.parametrize(
    "message",
    [
        "bad request", "messages: at least one message is required", "Invalid 'messages[0].content': not supported",
        "the temperature today is 20 degrees", "unsupported language", "model m is not supported",
    ],
)  # fmt: skip
def test_a_refusal_that_names_no_field_changes_nothing(message: str) -> None:
    fields = RequestFields("m")
    before = fields.body(REQUEST)
    assert not fields.adapt(before, message)
    assert fields.body(REQUEST) == before


def test_where_both_limits_are_refused_none_is_sent() -> None:
    fields = RequestFields("m")
    assert fields.adapt(fields.body(GREEDY), "unknown field max_tokens")
    assert fields.adapt(fields.body(GREEDY), "unknown field max_completion_tokens")
    assert not [name for name in fields.body(GREEDY) if "tokens" in name]
    assert fields.answer_overhead == UNLIMITED


@pytest.mark.parametrize(
    "message",
    ["System role not supported", "Unsupported value: 'messages[0].role' does not support 'system' with this model."],
)
def test_a_system_prompt_that_is_refused_stands_in_the_prompt(message: str) -> None:
    fields = RequestFields("m")
    sent = fields.body(GREEDY, "Be short.")
    assert fields.adapt(sent, message)
    assert fields.body(GREEDY, "Be short.")["messages"] == [{"role": "user", "content": "Be short.\n\na"}]


def test_a_model_that_only_streams_is_asked_to_stream() -> None:
    fields = RequestFields("m")
    assert fields.adapt(fields.body(GREEDY), "This model only support stream mode, please enable the stream parameter")
    assert fields.body(GREEDY)["stream"] is True
    assert fields.adapt(fields.body(GREEDY), "unknown field stream_options")
    assert "stream_options" not in fields.body(GREEDY)


def test_requests_that_were_under_way_learn_nothing_new_and_are_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "duet")
    fields = RequestFields("m")
    sent = [fields.body(REQUEST) for _ in range(3)]
    assert all(fields.adapt(body, "property 'seed' is unsupported") for body in sent)
    assert caplog.messages == ["m refuses seed: it is left out from now on"]


def test_the_identity_tells_fields_apart_whatever_their_order() -> None:
    assert RequestFields("m").identity == ""
    one, other = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert RequestFields("m", fields=one).identity == RequestFields("m", fields=other).identity != ""
    assert RequestFields("m", reasoning_tokens=5).identity != ""
